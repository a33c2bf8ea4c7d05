package dev.sluice.ondemand.cachefiles;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.ondemand.cachefiles.Message.Kind;
import dev.sluice.ondemand.cachefiles.Protocol.Header;
import dev.sluice.ondemand.cachefiles.Protocol.Open;
import dev.sluice.ondemand.cachefiles.Protocol.Read;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MessageTest {
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(Protocol.BUFFER).order(ByteOrder.nativeOrder());
    private final Message message = new Message(buffer);

    @Test
    void anOpenNamesVolumeCookieAndDescriptor() {
        int length = open(7, 3, 42, "erofs,sluice-1", "00ff");

        assertThat(message.parse(length)).isEqualTo(Kind.OPEN);
        assertThat(message.id()).isEqualTo(7);
        assertThat(message.objectId()).isEqualTo(3);
        assertThat(message.fd()).isEqualTo(42);
        assertThat(message.volumeKey()).isEqualTo("erofs,sluice-1");
        assertThat(message.cookieKey()).isEqualTo("00ff");
    }

    @Test
    void aReadNamesObjectAndRange() {
        int length = read(8, 4, 1L << 40, 65536);

        assertThat(message.parse(length)).isEqualTo(Kind.READ);
        assertThat(message.id()).isEqualTo(8);
        assertThat(message.objectId()).isEqualTo(4);
        assertThat(message.offset()).isEqualTo(1L << 40);
        assertThat(message.bytes()).isEqualTo(65536);
    }

    @Test
    void aCloseIsAHeader() {
        int length = header(9, 1, Header.SIZE, 5);

        assertThat(message.parse(length)).isEqualTo(Kind.CLOSE);
        assertThat(message.objectId()).isEqualTo(5);
    }

    @Test
    void aMessageThatIsNotAsLongAsItSaysIsNone() {
        read(1, 1, 0, 4096);

        assertThat(message.parse(Read.SIZE - 1)).isEqualTo(Kind.MALFORMED);
        assertThat(message.parse(Read.SIZE + 1)).isEqualTo(Kind.MALFORMED);
        assertThat(message.parse(0)).isEqualTo(Kind.MALFORMED);
        assertThat(message.parse(Header.SIZE - 1)).isEqualTo(Kind.MALFORMED);
        assertThat(message.parse(Protocol.BUFFER + 1)).isEqualTo(Kind.MALFORMED);
    }

    @Test
    void aTruncatedBodyIsNone() {
        header(1, Read.OPCODE, Header.SIZE, 1);
        assertThat(message.parse(Header.SIZE)).isEqualTo(Kind.MALFORMED);

        header(1, Open.OPCODE, Header.SIZE, 1);
        assertThat(message.parse(Header.SIZE)).isEqualTo(Kind.MALFORMED);
    }

    @Test
    void anUnknownOpcodeIsUnknown() {
        header(1, 3, Header.SIZE, 1);
        assertThat(message.parse(Header.SIZE)).isEqualTo(Kind.UNKNOWN);
    }

    @Test
    void keysMustFillTheMessageExactly() {
        for (int[] sizes : new int[][] {
            {16, 4},
            {14, 4},
            {15, 5},
            {15, 3},
            {0, 19},
            {15, 0},
            {19, 0},
            {-1, 20},
            {15, -1},
            {Integer.MAX_VALUE, 4},
            {15, Integer.MAX_VALUE}
        }) {
            int length = open(1, 1, 42, "erofs,sluice-1", "00ff");
            buffer.putInt(Open.VOLUME_KEY_SIZE, sizes[0]).putInt(Open.COOKIE_KEY_SIZE, sizes[1]);

            assertThat(message.parse(length)).isEqualTo(Kind.MALFORMED_OPEN);
            assertThat(message.fd()).isEqualTo(42);
        }
    }

    @Test
    void aVolumeKeyEndsWithNul() {
        int length = open(1, 1, 42, "erofs,sluice-1", "00ff");
        buffer.put(Open.KEYS + 14, (byte) 'x');

        assertThat(message.parse(length)).isEqualTo(Kind.MALFORMED_OPEN);
    }

    @Test
    void aReadOfNoPossibleRangeIsMalformed() {
        assertThat(message.parse(read(1, 1, -1, 4096))).isEqualTo(Kind.MALFORMED_READ);
        assertThat(message.parse(read(1, 1, 0, 0))).isEqualTo(Kind.MALFORMED_READ);
        assertThat(message.parse(read(1, 1, 0, -4096))).isEqualTo(Kind.MALFORMED_READ);
        assertThat(message.parse(read(1, 1, Long.MAX_VALUE, 4096))).isEqualTo(Kind.MALFORMED_READ);
    }

    @Test
    void whateverIsSentNothingBeyondItIsRead() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 200_000; i++) {
            byte[] bytes = new byte[random.nextInt(129)];
            random.nextBytes(bytes);
            try {
                whatever(bytes, random.nextInt(5), random.nextInt(4) > 0, random.nextInt(129), random);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed + ", message " + i, e);
            }
        }
    }

    private void whatever(byte[] bytes, int opcode, boolean honestLength, int cookieSize, Random random) {
        int volumeSize = honestLength ? bytes.length - Open.KEYS - cookieSize : random.nextInt();
        buffer.clear();
        for (int i = 0; i < 256; i++) {
            buffer.put(i, (byte) 0);
        }
        buffer.put(0, bytes);
        if (bytes.length >= Open.KEYS) {
            buffer.putInt(Header.OPCODE, opcode);
            buffer.putInt(Open.VOLUME_KEY_SIZE, volumeSize);
            buffer.putInt(Open.COOKIE_KEY_SIZE, cookieSize);
        }
        if (honestLength && bytes.length >= Header.SIZE) {
            buffer.putInt(Header.LENGTH, bytes.length);
        }

        switch (message.parse(bytes.length)) {
            case OPEN -> {
                assertThat(message.volumeKey().length()
                                + 1
                                + message.cookieKey().length())
                        .isEqualTo(bytes.length - Open.KEYS);
                assertThat(message.cookieKey()).isNotEmpty();
            }
            case READ -> {
                assertThat(message.offset()).isNotNegative();
                assertThat(message.bytes()).isPositive();
                assertThat(message.offset() + message.bytes()).isPositive();
            }
            case CLOSE -> assertThat(bytes).hasSize(Header.SIZE);
            case MALFORMED_OPEN -> assertThat(bytes.length).isGreaterThanOrEqualTo(Open.KEYS);
            case MALFORMED_READ -> assertThat(bytes).hasSize(Read.SIZE);
            case UNKNOWN -> assertThat(message.opcode()).isNotIn(0, 1, 2);
            case MALFORMED -> assertThat(bytes.length).isLessThanOrEqualTo(128);
        }
    }

    private int header(int id, int opcode, int length, int objectId) {
        buffer.putInt(Header.ID, id)
                .putInt(Header.OPCODE, opcode)
                .putInt(Header.LENGTH, length)
                .putInt(Header.OBJECT_ID, objectId);
        return length;
    }

    private int read(int id, int objectId, long offset, long bytes) {
        buffer.putLong(Read.OFFSET, offset).putLong(Read.BYTES, bytes);
        return header(id, Read.OPCODE, Read.SIZE, objectId);
    }

    private int open(int id, int objectId, int fd, String volume, String cookie) {
        buffer.putInt(Open.VOLUME_KEY_SIZE, volume.length() + 1)
                .putInt(Open.COOKIE_KEY_SIZE, cookie.length())
                .putInt(Open.FD, fd);
        buffer.put(Open.KEYS, (volume + "\0" + cookie).getBytes(ISO_8859_1));
        return header(id, Open.OPCODE, Open.KEYS + volume.length() + 1 + cookie.length(), objectId);
    }
}
