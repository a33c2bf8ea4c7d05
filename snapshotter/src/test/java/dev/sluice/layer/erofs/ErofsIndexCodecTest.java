package dev.sluice.layer.erofs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.StreamSpan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The format on disk: other versions of Sluice read what this one writes. The frames may change with zstd, nothing else may. */
class ErofsIndexCodecTest {
    private static final ErofsLimits LIMITS = new ErofsLimits(10, 10, 1000, 1000, 1 << 20);
    private static final byte[] BYTES = HexFormat.of()
            .parseHex("534c5549434545520100000001000300e803000000000000b80b0000000000000010000000000000"
                    + "6400000000000000830000000000000002000000330000001100000000000000abababababababab"
                    + "ababababababababababababababababababababababababcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
                    + "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd000000002c6f152c"
                    + "28b52ffd2083550100980000580200d007000300070102039001e803080a00a00920000c0c06f68a"
                    + "18d02e180c6e803630800528b52ffd206445000010050501003f012c");

    private final ErofsIndex index = new ErofsIndex(
            new ErofsSummary("sha256:" + "ab".repeat(32), 1000, true, "sha256:" + "cd".repeat(32), 3000, 4096, 3),
            List.of(
                    new StreamSpan(0, 600, 0, 2000, new byte[] {1, 2, 3}, filled(32, 7)),
                    new StreamSpan(600, 400, 2000, 1000, new byte[0], filled(32, 8))),
            filled(100, 5),
            LIMITS);

    @Test
    void isWrittenAsEver() {
        assertThat(index.toBytes()).isEqualTo(BYTES);
    }

    @Test
    void isReadAsEver() throws IOException {
        ErofsIndex read = ErofsIndex.read(ByteBuffer.wrap(BYTES), LIMITS);

        assertThat(read.summary()).isEqualTo(index.summary());
        assertThat(read.spans()).usingRecursiveFieldByFieldElementComparator().isEqualTo(index.spans());
        assertThat(read.metadata()).isEqualTo(index.metadata());
    }

    @Test
    void isTakenForNoOtherKind() {
        byte[] other = BYTES.clone();
        other[7]++;

        assertThat(ErofsIndex.isOne(ByteBuffer.wrap(BYTES))).isTrue();
        assertThat(ErofsIndex.isOne(ByteBuffer.wrap(other))).isFalse();
        assertThatThrownBy(() -> ErofsIndex.read(ByteBuffer.wrap(other), LIMITS))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining("EROFS");
    }

    @Test
    void nothingIsDecodedBeyondALimit() {
        assertRefused(new ErofsLimits(10, 10, 99, 1000, 1 << 20), "100 bytes of metadata");
        assertRefused(new ErofsLimits(10, 10, 1000, BYTES.length - 1, 1 << 20), "allowed are");
        assertRefused(new ErofsLimits(10, 10, 1000, 1000, 2999), "out of range");
    }

    private static void assertRefused(ErofsLimits limits, String message) {
        assertThatThrownBy(() -> ErofsIndex.read(ByteBuffer.wrap(BYTES), limits))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining(message);
    }

    private static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }
}
