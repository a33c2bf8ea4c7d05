package dev.sluice.layer.toc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.layer.GzipDecoder;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.SpanTable;
import java.util.BitSet;
import org.junit.jupiter.api.Test;

class LayoutTest {
    private static final long TOC = 10_000;

    private final Chunks chunks = new Chunks();

    @Test
    void followsTheBlobWhateverTheOrderOfTheEntries() throws InvalidLayerException {
        add(0, 500, 0, 0, 10);
        add(1, 200, 90, 0, 10);
        add(2, 200, 0, 0, 90);

        Layout layout = layout(-1, 0b111, 10, 10, 90);

        assertThat(layout.deviceOffsets()).containsExactly(8192, 4096, 0);
        assertThat(layout.spans().spanCount()).isEqualTo(2);
        assertThat(layout.spans().spanExtentCount(0)).isEqualTo(2);
    }

    @Test
    void spansReachToTheNextMemberOrTheTableOfContents() throws InvalidLayerException {
        add(0, 100, 0, 0, 4096);
        add(0, 300, 0, 4096, 4096);
        add(1, 350, 0, 0, 1);

        SpanTable spans = layout(-1, 0b11, 8192, 1).spans();

        assertThat(spans.spanBlobOffset(0)).isEqualTo(100);
        assertThat(spans.spanBlobLength(0)).isEqualTo(200);
        assertThat(spans.spanBlobLength(1)).isEqualTo(50);
        assertThat(spans.spanBlobLength(2)).isEqualTo(TOC - 350);
        assertThat(spans.extentDeviceOffset(1)).isEqualTo(4096);
    }

    @Test
    void leavesOutWhatNoNameRefersTo() throws InvalidLayerException {
        add(0, 100, 0, 0, 10);
        add(1, 200, 0, 0, 10);
        add(2, 300, 0, 0, 10);

        Layout layout = layout(-1, 0b101, 10, 10, 10);

        assertThat(layout.spans().spanCount()).isEqualTo(2);
        assertThat(layout.spans().spanBlobLength(0)).isEqualTo(100);
        assertThat(layout.deviceOffsets()).containsExactly(0, 0, 4096);
    }

    @Test
    void prefetchEndsAtTheLandmark() throws InvalidLayerException {
        add(0, 100, 0, 0, 5000);
        add(1, 200, 0, 0, 1);
        add(2, 300, 0, 0, 10);

        assertThat(layout(1, 0b101, 5000, 1, 10).prefetch()).isEqualTo(8192);
        assertThat(layout(-1, 0b101, 5000, 1, 10).prefetch()).isZero();
    }

    @Test
    void zerosAreInTheDeviceButInNoSpan() throws InvalidLayerException {
        add(0, 100, 0, 0, 10);
        chunks.addZeros(0, 150, 10);
        add(0, 200, 0, 100_000, 10);
        chunks.addZeros(1, 0, 0);

        Layout layout = layout(-1, 0b11, 100_010, 5000);

        assertThat(layout.spans().spanCount()).isEqualTo(2);
        assertThat(layout.spans().spanBlobLength(0))
                .as("zeros have bytes of their own")
                .isEqualTo(50);
        assertThat(layout.spans().extentCount()).isEqualTo(2);
        assertThat(layout.spans().extentDeviceOffset(1) - layout.deviceOffsets()[0])
                .isEqualTo(100_000);
        assertThat(layout.spans().deviceSize()).isEqualTo(102_400 + 8192);
    }

    @Test
    void zerosDoNotOverlapAndMayBeAnywhere() throws InvalidLayerException {
        add(0, 100, 0, 0, 10);
        chunks.addZeros(0, 100, 10);
        chunks.addZeros(1, TOC + 5000, 0);

        assertThat(layout(-1, 0b11, 20, 20).spans().spanBlobLength(0)).isEqualTo(TOC - 100);
    }

    @Test
    void aFewZerosMakeNoTerabytes() {
        chunks.addZeros(0, 100, 0);

        assertThatThrownBy(() -> layout(-1, 1, (TOC + 100) << 16 | 1))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining("take more than");
    }

    @Test
    void spansEndWhereTheLastChunkOfAFileIsSaidToEnd() throws InvalidLayerException {
        add(0, 100, 0, 0, 10);
        chunks.endLast(120);
        add(1, 200, 0, 0, 10);
        chunks.endLast(250);
        add(2, 300, 0, 0, 10);
        chunks.endLast(300);
        add(3, 400, 0, 0, 10);
        chunks.endLast(TOC + 1);

        SpanTable spans = layout(-1, 0b1111, 10, 10, 10, 10).spans();

        assertThat(spans.spanBlobLength(0)).isEqualTo(20);
        assertThat(spans.spanBlobLength(1)).isEqualTo(50);
        assertThat(spans.spanBlobLength(2)).as("no end before the start").isEqualTo(100);
        assertThat(spans.spanBlobLength(3)).as("no end behind all data").isEqualTo(TOC - 400);
    }

    @Test
    void thatIsTooLargeIsRefused() {
        add(0, 100, 0, 0, 10);
        add(1, 200, 0, 0, 10);

        assertThatThrownBy(() -> layout(-1, 0b11, 1L << 44, 1))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining("take more than");
    }

    private void add(int file, long offset, long inner, long fileOffset, int length) {
        chunks.add(file, offset, inner, fileOffset, length, new byte[SpanTable.DIGEST]);
    }

    private Layout layout(int landmark, long wanted, long... sizes) throws InvalidLayerException {
        return Layout.of(
                chunks,
                sizes,
                BitSet.valueOf(new long[] {wanted}),
                landmark,
                new ChunkedBlob("test", new GzipDecoder(), TOC + 100, TOC));
    }
}
