package dev.sluice.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ZstdDecoderTest {
    private static final ByteBuffer NONE = ByteBuffer.allocate(0);

    private final ZstdDecoder decoder = new ZstdDecoder();
    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private final byte[] content = content(300_000);

    @Test
    void framesThatFollowEachOtherAreOneStream() throws IOException {
        byte[] frames = frames();
        assertThat(decode(ByteBuffer.wrap(frames), ByteBuffer.allocate(content.length)))
                .as("seed %d", seed)
                .isEqualTo(content);
        ByteBuffer direct = ByteBuffer.allocateDirect(frames.length + 7).position(7);
        direct.put(frames).position(7);
        assertThat(decode(direct.asReadOnlyBuffer(), ByteBuffer.allocateDirect(content.length)))
                .isEqualTo(content);
        assertThat(direct.position()).isEqualTo(7);
    }

    @Test
    void whatFollowsTheWantedBytesIsIgnored() throws IOException {
        byte[] frames = Arrays.copyOf(frames(), frames().length + 10);
        for (int length : new int[] {0, 1, 119_999, 120_000, 120_001, content.length}) {
            assertThat(decode(ByteBuffer.wrap(frames), ByteBuffer.allocate(length)))
                    .as("seed %d", seed)
                    .isEqualTo(Arrays.copyOf(content, length));
        }
    }

    @Test
    void spansThatEndEarlyAreRefusedWhereverTheyEnd() {
        byte[] frames = frames();
        for (int length = 0; length < frames.length; length += 1 + length / 50) {
            ByteBuffer in = ByteBuffer.wrap(frames, 0, length);
            assertThatThrownBy(() -> decode(in, ByteBuffer.allocate(content.length + 1)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("end before");
        }
    }

    @Test
    void anythingElseIsAnIOExceptionOrOtherBytes() {
        byte[] good = frames();
        for (int i = 0; i < 2000; i++) {
            byte[] bad = good.clone();
            // Headers and tables stand in front.
            bad[random.nextInt(i % 2 == 0 ? 200 : bad.length)] ^= (byte) (1 << random.nextInt(8));
            try {
                assertThat(decode(ByteBuffer.wrap(bad), ByteBuffer.allocate(content.length)))
                        .hasSize(content.length);
            } catch (IOException e) {
                assertThat(e).as("seed %d", seed).hasMessageContaining("zstd");
            }
        }
    }

    private byte[] decode(ByteBuffer compressed, ByteBuffer decoded) throws IOException {
        decoder.decode(compressed, NONE, decoded);
        assertThat(decoded.hasRemaining()).isFalse();
        byte[] bytes = new byte[decoded.position()];
        decoded.flip().get(bytes);
        return bytes;
    }

    private byte[] frames() {
        byte[] first = Zstd.compress(Arrays.copyOf(content, 120_000), 3);
        byte[] second = Zstd.compress(Arrays.copyOfRange(content, 120_000, content.length), 9);
        return ByteBuffer.allocate(first.length + second.length)
                .put(first)
                .put(second)
                .array();
    }

    private byte[] content(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) random.nextInt(1 + i % 10);
        }
        return bytes;
    }
}
