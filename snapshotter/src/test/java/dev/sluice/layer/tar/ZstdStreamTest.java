package dev.sluice.layer.tar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdCompressCtx;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.SpanTableBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ZstdStreamTest {
    private static final int SPACING = 100_000;
    /** 1 GiB. */
    private static final int HUGE_WINDOW_LOG = 30;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @Test
    void framesAreJoinedUntilTheyHaveTheSpacing() throws IOException {
        byte[] content = Gzip.content(random, 2_000_000);
        byte[] blob = new byte[0];
        for (int at = 0; at < content.length; at += 40_000) {
            blob = Gzip.join(blob, frame(Arrays.copyOfRange(content, at, at + 40_000)), skippable(at % 3));
        }
        DecodedBlob decoded = decode(blob);
        assertThat(decoded.bytes()).as("seed %d", seed).isEqualTo(content);
        assertThat(decoded.spans()).hasSize(17).allMatch(span -> span.decodedLength() <= 120_000);
        decoded.check();
        decoded.checkRandomRanges(1000, random);
    }

    @Test
    void oneFrameIsOneSpan() throws IOException {
        byte[] content = Gzip.content(random, 2_000_000);
        DecodedBlob decoded = decode(frame(content));
        assertThat(decoded.bytes()).as("seed %d", seed).isEqualTo(content);
        assertThat(decoded.spans()).hasSize(1);
        decoded.check();
    }

    @Test
    void aFrameThatIsTooLongForASpanIsOnlyDecodedAsAWhole() throws IOException {
        byte[] blob = Gzip.join(frame(new byte[SPACING]), frame(new byte[SpanTableBuilder.MAX_DECODED + 1]));
        DecodedBlob decoded = decode(Gzip.join(blob, frame(new byte[SPACING])));
        assertThat(decoded.bytes()).hasSize(SpanTableBuilder.MAX_DECODED + 1 + 2 * SPACING);
        assertThat(decoded.spans()).isEmpty();
    }

    @Test
    void blobsThatEndEarlyAreRefusedWhereverTheyEnd() {
        byte[] first = Gzip.join(frame(Gzip.content(random, 200)), skippable(5));
        byte[] blob = Gzip.join(first, frame(new byte[1000]));
        for (int length = 0; length < blob.length; length++) {
            byte[] part = Arrays.copyOf(blob, length);
            if (length != first.length && length != first.length - 13) {
                assertThatThrownBy(() -> decode(part)).isInstanceOf(InvalidLayerException.class);
            }
        }
    }

    @Test
    void whatFollowsAFrameIsAFrame() {
        for (byte[] tail : new byte[][] {new byte[1], new byte[512], {1, 2, 3, 4, 5}}) {
            assertThatThrownBy(() -> decode(Gzip.join(frame(new byte[100]), tail)))
                    .isInstanceOf(InvalidLayerException.class);
        }
    }

    @Test
    void aFrameWithAnotherChecksumIsRefused() {
        byte[] blob = frame(Gzip.content(random, 300_000));
        blob[blob.length - 1] ^= 1;
        assertThatThrownBy(() -> decode(blob))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining("checksum");
    }

    @Test
    void windowsThatWouldTakeTooMuchMemoryAreRefused() {
        ByteBuffer header = ByteBuffer.allocate(100).order(ByteOrder.LITTLE_ENDIAN);
        header.putInt(0xFD2FB528).put((byte) 0).put((byte) ((HUGE_WINDOW_LOG - 10) << 3));
        assertThatThrownBy(() -> decode(header.array()))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining("memory");
    }

    @Test
    void aFlippedBitNeverGivesOtherBytes() {
        byte[] content = Gzip.content(random, 2000);
        byte[] good = Gzip.join(frame(content), skippable(3));
        for (int i = 0; i < 5000; i++) {
            byte[] bad = good.clone();
            bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
            try {
                assertThat(decode(bad).bytes()).as("seed %d", seed).isEqualTo(content);
            } catch (IOException e) {
                assertThat(e).as("seed %d", seed).isInstanceOf(InvalidLayerException.class);
            }
        }
    }

    private DecodedBlob decode(byte[] blob) throws IOException {
        return DecodedBlob.of(new ZstdStream(SPACING), blob, random, 50_000);
    }

    private static byte[] frame(byte[] content) {
        try (ZstdCompressCtx zstd = new ZstdCompressCtx()) {
            return zstd.setLevel(3).setChecksum(true).compress(content);
        }
    }

    private static byte[] skippable(int length) {
        return ByteBuffer.allocate(8 + length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0x184D2A50)
                .putInt(length)
                .array();
    }
}
