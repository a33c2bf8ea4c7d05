package dev.sluice.ondemand.fanotify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EventTest {
    private static final int RANGE_AT = 24;

    private final Event event = new Event();

    @Test
    void tellsWhoWaitsForWhat() throws IOException {
        parse(access(7, 8192, 4096));

        assertThat(event.fd()).isEqualTo(7);
        assertThat(event.pid()).isEqualTo(123);
        assertThat(event.isForRange()).isTrue();
        assertThat(event.offset()).isEqualTo(8192);
        assertThat(event.count()).isEqualTo(4096);
    }

    @Test
    void skipsRecordsThatItDoesNotKnow() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(60).order(ByteOrder.nativeOrder());
        bytes.put(access(7, 8192, 4096).limit(RANGE_AT))
                .put((byte) 99)
                .put((byte) 0)
                .putShort((short) 12);
        bytes.position(36).put(access(7, 8192, 4096).position(RANGE_AT)).putInt(0, 60);

        parse(bytes);

        assertThat(event.offset()).isEqualTo(8192);
    }

    @Test
    void aLostEventHasNoDescriptor() throws IOException {
        ByteBuffer bytes = access(-1, 0, 0).putLong(8, Protocol.FAN_Q_OVERFLOW).putInt(0, 24);

        event.parse(bytes, 24);

        assertThat(event.fd()).isEqualTo(Protocol.NO_FD);
        assertThat(event.isForRange()).isFalse();
    }

    @Test
    void anEventWithoutARangeIsNone() throws IOException {
        event.parse(access(7, 8192, 4096).putInt(0, RANGE_AT), RANGE_AT);

        assertThat(event.isForRange()).isFalse();
    }

    @Test
    void whatIsCutOffIsAnError() {
        for (int length = 0; length < 48; length++) {
            int cut = length;
            assertThatThrownBy(() -> event.parse(access(7, 8192, 4096), cut)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void anUnknownVersionIsAnErrorAndNamesNoDescriptor() {
        assertThatThrownBy(() -> parse(access(7, 0, 4096).put(4, (byte) 4)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("version 4");
        assertThat(event.fd()).isEqualTo(Protocol.NO_FD);
    }

    @Test
    void aBrokenRecordIsAnErrorThatStillNamesTheDescriptor() {
        for (int length : new int[] {0, 3, 23, 25, 0xffff}) {
            assertThatThrownBy(() -> parse(access(7, 0, 4096).putShort(RANGE_AT + 2, (short) length)))
                    .as("record of %d bytes", length)
                    .isInstanceOf(IOException.class);
            assertThat(event.fd()).isEqualTo(7);
        }
    }

    @Test
    void aRangeThatCannotBeIsAnError() {
        long[][] ranges = {{-1, 1}, {1, -1}, {Long.MAX_VALUE, 1}, {1, Long.MAX_VALUE}};
        for (long[] range : ranges) {
            assertThatThrownBy(() -> parse(access(7, range[0], range[1]))).isInstanceOf(IOException.class);
        }
    }

    @Test
    void twoRangesAreAnError() {
        ByteBuffer bytes = ByteBuffer.allocate(72).order(ByteOrder.nativeOrder());
        bytes.put(access(7, 0, 4096)).put(access(7, 4096, 4096).position(RANGE_AT));

        assertThatThrownBy(() -> parse(bytes.putInt(0, 72))).isInstanceOf(IOException.class);
    }

    @Test
    void randomBytesAreAnErrorOrARangeThatCanBe() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 200_000; i++) {
            ByteBuffer bytes = mutated(random);
            try {
                event.parse(bytes, bytes.capacity());
                assertThat(event.offset() + event.count()).as("seed %d", seed).isNotNegative();
                assertThat(event.fd()).as("seed %d", seed).isGreaterThanOrEqualTo(Protocol.NO_FD);
            } catch (IOException e) {
                assertThat(event.fd()).as("seed %d", seed).isGreaterThanOrEqualTo(Protocol.NO_FD);
            }
        }
    }

    private static ByteBuffer mutated(Random random) {
        int length = random.nextInt(100);
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.nativeOrder());
        random.nextBytes(bytes.array());
        ByteBuffer valid = access(random.nextInt(100), random.nextInt(), random.nextInt());
        if (random.nextInt(4) > 0) {
            bytes.put(0, valid, 0, Math.min(length, 48));
            if (length >= 4 && random.nextBoolean()) {
                bytes.putInt(0, length);
            }
            for (int i = random.nextInt(3); i > 0 && length > 0; i--) {
                bytes.put(random.nextInt(length), (byte) random.nextInt());
            }
        }
        return bytes;
    }

    private void parse(ByteBuffer bytes) throws IOException {
        event.parse(bytes, bytes.capacity());
    }

    private static ByteBuffer access(int fd, long offset, long count) {
        ByteBuffer bytes = ByteBuffer.allocate(48).order(ByteOrder.nativeOrder());
        bytes.putInt(48).put((byte) 3).put((byte) 0).putShort((short) 24);
        bytes.putLong(Protocol.FAN_PRE_ACCESS).putInt(fd).putInt(123);
        bytes.put((byte) 6)
                .put((byte) 0)
                .putShort((short) 24)
                .putInt(0)
                .putLong(offset)
                .putLong(count);
        return bytes.clear();
    }
}
