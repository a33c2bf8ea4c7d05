package dev.sluice.layer.tar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.layer.PlainLayerLimits;
import dev.sluice.layer.StreamSpan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The format on disk: other versions of Sluice read what this one writes. The span frame may change with zstd, nothing else may. */
class TarIndexCodecTest {
    private static final PlainLayerLimits LIMITS = PlainLayerLimits.forHeap(1L << 30);
    private static final byte[] BYTES = HexFormat.of()
            .parseHex("534c5549434549580100000001000200e803000000000000b80b0000000000000010000000000000"
                    + "0006000000000000830000000000000002000000340000000500000000000000abababababababab"
                    + "ababababababababababababababababababababababababcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
                    + "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd0000000048182559"
                    + "28b52ffd20835d0100a00000580200d00700030007010203579101e803080a00a00920000c0c06f6"
                    + "2a23d02e180c6e80363080050908070605");

    private final TarIndex index = new TarIndex(
            new TarSummary(
                    "sha256:" + "ab".repeat(32), 1000, Compression.GZIP, "sha256:" + "cd".repeat(32), 3000, 4096, 2),
            List.of(
                    new StreamSpan(0, 600, 0, 2000, new byte[] {1, 2, 3}, filled(32, 7)),
                    new StreamSpan(599, 401, 2000, 1000, new byte[0], filled(32, 8))),
            new byte[] {9, 8, 7, 6, 5},
            1536,
            LIMITS);

    @Test
    void isWrittenAsEver() {
        assertThat(index.toBytes()).isEqualTo(BYTES);
    }

    @Test
    void isReadAsEver() throws IOException {
        TarIndex read = TarIndex.read(ByteBuffer.wrap(BYTES), LIMITS);

        assertThat(read.summary()).isEqualTo(index.summary());
        assertThat(read.spans()).usingRecursiveFieldByFieldElementComparator().isEqualTo(index.spans());
        assertThat(read.compressedHeaders()).isEqualTo(index.compressedHeaders());
        assertThat(read.headersSize()).isEqualTo(1536);
    }

    private static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }
}
