package dev.sluice.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GzipSpanDecoderTest {
    private final GzipSpanDecoder decoder = new GzipSpanDecoder();
    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    /** What the streams make is tested with them. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    void aBlockMayBeginAtEachBitOfAByte(int bits) throws IOException {
        byte[] window = random(GzipRestart.WINDOW);
        int first = bits == 0 ? 0 : 8 - bits;
        // A final block with fixed codes: 258 bytes from 32,768 bytes before, twice; the lower bits of the first byte
        // are somebody else's.
        Bits out = new Bits();
        out.put(random.nextInt(1 << first), first);
        out.put(1, 1).put(1, 2);
        for (int i = 0; i < 2; i++) {
            out.putCode(0b1100_0101, 8).putCode(29, 5).put(8191, 13);
        }
        out.put(0, 7);
        byte[] decoded = decode(out.bytes(), new GzipRestart(bits, window).toAuxiliary(), 516);
        assertThat(decoded).as("seed %d", seed).startsWith(Arrays.copyOf(window, 516));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    void aStoredBlockMayBeginAtEachBitOfAByte(int bits) throws IOException {
        int first = bits == 0 ? 0 : 8 - bits;
        Bits out = new Bits();
        out.put(random.nextInt(1 << first), first);
        out.put(1, 1)
                .put(0, 2)
                .align()
                .put(3, 16)
                .put(~3, 16)
                .put('a', 8)
                .put('b', 8)
                .put('c', 8);
        assertThat(decode(out.bytes(), new GzipRestart(bits, new byte[0]).toAuxiliary(), 3))
                .containsExactly('a', 'b', 'c');
    }

    @Test
    void windowsOfAnyLengthComeBack() throws IOException {
        for (int length : new int[] {0, 1, 1000, GzipRestart.WINDOW - 1, GzipRestart.WINDOW}) {
            GzipRestart restart =
                    GzipRestart.ofAuxiliary(ByteBuffer.wrap(new GzipRestart(5, random(length)).toAuxiliary()));
            assertThat(restart.bits()).isEqualTo(5);
            assertThat(restart.window()).isEqualTo(random(length));
        }
    }

    @Test
    void aWindowThatIsTooLongIsRefused() {
        for (int length : new int[] {GzipRestart.WINDOW + 1, 100 << 20}) {
            assertThatThrownBy(() -> decode(new byte[100], auxiliary(3, deflate(length)), 10))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("too long");
        }
    }

    @Test
    void aWindowThatIsCutOffOrFollowedBySomethingIsRefused() {
        byte[] window = deflate(1000);
        for (int length = 0; length < window.length; length++) {
            byte[] part = Arrays.copyOf(window, length);
            assertThatThrownBy(() -> decode(new byte[100], auxiliary(3, part), 10))
                    .isInstanceOf(IOException.class);
        }
        byte[] more = Arrays.copyOf(window, window.length + 1);
        assertThatThrownBy(() -> decode(new byte[100], auxiliary(3, more), 10)).isInstanceOf(IOException.class);
    }

    @Test
    void aByteHasEightBits() {
        for (int bits : new int[] {8, 64, 127, -1, -128}) {
            assertThatThrownBy(() -> decode(new byte[100], auxiliary(bits, deflate(10)), 10))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("bit");
        }
    }

    @Test
    void aSpanWithoutBytesEndsEarly() {
        for (int bits = 0; bits < 8; bits++) {
            byte[] auxiliary = new GzipRestart(bits, new byte[0]).toAuxiliary();
            assertThatThrownBy(() -> decode(new byte[0], auxiliary, 1)).isInstanceOf(IOException.class);
        }
        assertThatThrownBy(() -> decode(new byte[0], new byte[0], 1)).isInstanceOf(IOException.class);
    }

    @Test
    void anythingElseIsAnIOExceptionOrOtherBytes() {
        byte[] compressed = deflate(5000);
        byte[] auxiliary = new GzipRestart(3, random(500)).toAuxiliary();
        for (int i = 0; i < 20_000; i++) {
            byte[] badCompressed = i % 4 == 0 ? random(random.nextInt(50)) : compressed.clone();
            byte[] badAuxiliary = i % 5 == 0 ? random(random.nextInt(50)) : auxiliary.clone();
            flip(i % 2 == 0 ? badCompressed : badAuxiliary);
            try {
                assertThat(decode(badCompressed, badAuxiliary, 500)).hasSize(500);
            } catch (IOException e) {
                assertThat(e.getMessage()).as("seed %d", seed).containsAnyOf("gzip", "restart");
            }
        }
    }

    private void flip(byte[] bytes) {
        for (int flips = random.nextInt(3); flips >= 0 && bytes.length > 0; flips--) {
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
    }

    private byte[] decode(byte[] compressed, byte[] auxiliary, int length) throws IOException {
        ByteBuffer decoded = ByteBuffer.allocate(length);
        decoder.decode(ByteBuffer.wrap(compressed), ByteBuffer.wrap(auxiliary), decoded);
        assertThat(decoded.hasRemaining()).isFalse();
        return decoded.array();
    }

    private static byte[] auxiliary(int bits, byte[] window) {
        return ByteBuffer.allocate(1 + window.length)
                .put((byte) bits)
                .put(window)
                .array();
    }

    private static byte[] deflate(int zeros) {
        Deflater deflater = new Deflater(9, true);
        deflater.setInput(new byte[zeros]);
        deflater.finish();
        byte[] bytes = new byte[zeros / 100 + 100];
        int length = deflater.deflate(bytes);
        deflater.end();
        return Arrays.copyOf(bytes, length);
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
