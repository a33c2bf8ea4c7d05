package dev.sluice.ondemand.fanotify;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class JournalTest {
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

    @Test
    void aNewOneHasNothingLeft() throws IOException {
        assertThat(Journal.open(file).left()).isEmpty();
    }

    @Test
    void whatWasNotReleasedIsLeft() throws Exception {
        Journal journal = Journal.open(file);
        Slot answered = land(journal, 5);
        Slot waiting = land(journal, 6);
        waiting.setInode(4711);
        journal.release(answered);

        List<Slot> left = Journal.open(file).left();

        assertThat(left).extracting(Slot::fd).containsExactly(6);
        assertThat(left).extracting(Slot::inode).containsExactly(4711L);
    }

    @Test
    void whatIsLeftTakesItsPlaceUntilItIsReleased() throws Exception {
        Journal before = Journal.open(file);
        for (int i = 0; i < Journal.SLOTS; i++) {
            land(before, i);
        }

        Journal journal = Journal.open(file);

        assertThat(journal.take(0)).isNull();
        journal.release(journal.left().get(0));
        Slot slot = requireNonNull(journal.take(0));
        assertThat(slot.inode()).isZero();
        assertThat(slot.isOccupied()).isFalse();
    }

    @Test
    void oneOfAnotherVersionIsRefused() throws IOException {
        ByteBuffer version = ByteBuffer.allocateDirect(4).order(ByteOrder.nativeOrder());
        file.writeFully(version.putInt(2).flip(), 8);

        assertThatThrownBy(() -> Journal.open(file)).hasMessageContaining("version 2");
    }

    @Test
    void whatIsNotOneIsRefused() throws IOException {
        file.writeFully(ByteBuffer.allocateDirect(1), 0);
        assertThatThrownBy(() -> Journal.open(file)).isInstanceOf(IOException.class);

        file.truncate(100);
        assertThatThrownBy(() -> Journal.open(file)).isInstanceOf(IOException.class);
    }

    /** As the kernel does it. */
    private static Slot land(Journal journal, int fd) throws InterruptedException {
        Slot slot = requireNonNull(journal.take(0));
        slot.landing().putInt(0, 48).putInt(16, fd);
        return slot;
    }
}
