package dev.sluice.ondemand.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.ondemand.fuse.Protocol.InHeader;
import dev.sluice.ondemand.fuse.Protocol.Read;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class JournalTest {
    private static final int READ_SIZE = 80;

    private final Linux linux = Linux.load();
    private LinuxFile file;

    @BeforeEach
    void create() throws IOException {
        file = Journal.createFile(linux);
    }

    @AfterEach
    void close() {
        file.close();
    }

    /** What a handler finds in a request. */
    private record Request(int opcode, long unique, long node, int thread, long offset, int length) {}

    @Test
    void aNewOneHasNothingLeft() throws IOException {
        assertThat(settle(Journal.open(file))).isEmpty();
    }

    @Test
    void whatWasNotedAndNotReleasedIsLeftOnce() throws IOException {
        Journal journal = Journal.open(file);
        int answered = journal.note(Opcode.READ, 1, 2, 3, 4, 5);
        journal.note(Opcode.READ, 4712, 1L << 62, 99, 1L << 40, 131072);
        journal.note(Opcode.GETATTR, 4714, (1L << 62) + 1, 98, 0, 0);
        journal.release(answered);

        assertThat(settle(Journal.open(file)))
                .containsExactly(
                        new Request(Opcode.READ.number(), 4712, 1L << 62, 99, 1L << 40, 131072),
                        new Request(Opcode.GETATTR.number(), 4714, (1L << 62) + 1, 98, 0, 0));
        assertThat(settle(Journal.open(file))).isEmpty();
    }

    @Test
    void whatTheKernelHasLetLandIsLeftUntilItIsCleared() throws IOException {
        Journal journal = Journal.open(file);
        land(journal.landing(0), 7);
        land(journal.landing(1), 8);
        land(journal.landing(Journal.LOOPS - 1), 9);
        journal.clearLanding(1);

        assertThat(settle(Journal.open(file))).extracting(Request::unique).containsExactly(7L, 9L);
        assertThat(settle(Journal.open(file))).isEmpty();
    }

    @Test
    void aLandingOfNonsenseIsNoRequest() throws IOException {
        Journal journal = Journal.open(file);
        journal.landing(0).putInt(InHeader.LENGTH, 39);
        journal.landing(1).putInt(InHeader.LENGTH, Unanswered.LANDING_SIZE + 1);
        journal.landing(2).putInt(InHeader.LENGTH, -1);

        assertThat(settle(Journal.open(file))).isEmpty();
    }

    @Test
    void whatIsNotedAnewWhileItIsSettledIsLeftAgain() throws IOException {
        Journal.open(file).note(Opcode.READ, 11, 2, 3, 4, 5);

        Journal next = Journal.open(file);
        next.settle((request, length) -> next.note(Opcode.READ, request.getLong(InHeader.UNIQUE), 2, 3, 4, 5));

        assertThat(settle(Journal.open(file))).extracting(Request::unique).containsExactly(11L);
    }

    @Test
    void noMoreIsNotedThanThereIsRoom() throws IOException {
        Journal journal = Journal.open(file);
        int last = Unanswered.FULL;
        for (int i = 0; i < Journal.SLOTS; i++) {
            last = journal.note(Opcode.READ, i, 2, 3, 4, 5);
            assertThat(last).isNotEqualTo(Unanswered.FULL);
        }

        assertThat(journal.note(Opcode.READ, 0, 2, 3, 4, 5)).isEqualTo(Unanswered.FULL);
        journal.release(last);
        assertThat(journal.note(Opcode.READ, 0, 2, 3, 4, 5)).isEqualTo(last);
    }

    @Test
    void anotherFileIsRefused() throws IOException {
        file.writeFully(ByteBuffer.allocateDirect(4).putInt(0, 4711), 8);
        assertThatThrownBy(() -> Journal.open(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("version");

        file.truncate(4096);
        assertThatThrownBy(() -> Journal.open(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("4096");
    }

    private static List<Request> settle(Journal journal) {
        List<Request> left = new ArrayList<>();
        int settled = journal.settle((request, length) -> {
            assertThat(request.getInt(InHeader.LENGTH)).isEqualTo(length);
            assertThat(request.order()).isEqualTo(ByteOrder.nativeOrder());
            left.add(new Request(
                    request.getInt(InHeader.OPCODE),
                    request.getLong(InHeader.UNIQUE),
                    request.getLong(InHeader.NODE_ID),
                    request.getInt(InHeader.PID),
                    request.getLong(InHeader.SIZE + Read.OFFSET),
                    request.getInt(InHeader.SIZE + Read.LENGTH)));
        });
        assertThat(settled).isEqualTo(left.size());
        return left;
    }

    private static void land(ByteBuffer landing, long unique) {
        landing.putInt(InHeader.LENGTH, READ_SIZE);
        landing.putInt(InHeader.OPCODE, Opcode.READ.number());
        landing.putLong(InHeader.UNIQUE, unique);
    }
}
