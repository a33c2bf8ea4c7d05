package dev.sluice.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpanTableTest {
    private static final byte[] DIGEST_A = digest(1);
    private static final byte[] DIGEST_B = digest(2);
    private static final Decoder DECODER = new Decoder() {
        @Override
        public int id() {
            return 7;
        }

        @Override
        public void decode(ByteBuffer compressed, ByteBuffer auxiliary, ByteBuffer decoded) {}
    };

    @TempDir
    Path directory;

    private final SpanTableBuilder builder = new SpanTableBuilder(1000);

    @BeforeEach
    void twoSpansWithThreeExtents() throws IOException {
        int first = builder.addSpan(0, 400, DECODER, new byte[] {1, 2, 3}, Optional.of(DIGEST_A));
        int second = builder.addSpan(400, 600, DECODER, new byte[] {9}, Optional.empty());
        builder.addExtent(second, 0, 5000, 8192, Optional.of(DIGEST_B));
        builder.addExtent(first, 512, 100, 4096, Optional.empty());
        builder.addExtent(first, 0, 10, 0, Optional.of(DIGEST_B));
    }

    @Test
    void comesBackFromItsFile() throws IOException {
        builder.build(16384).writeTo(directory.resolve("spans"));
        SpanTable table = SpanTable.map(directory.resolve("spans"));

        assertThat(table.deviceSize()).isEqualTo(16384);
        assertThat(table.spanCount()).isEqualTo(2);
        assertThat(table.extentCount()).isEqualTo(3);
        assertThat(table.spanBlobOffset(1)).isEqualTo(400);
        assertThat(table.spanBlobLength(1)).isEqualTo(600);
        assertThat(table.spanDecodedLength(0)).isEqualTo(612);
        assertThat(table.spanDecodedLength(1)).isEqualTo(5000);
        assertThat(table.spanDecoder(1)).isEqualTo(7);
        assertThat(table.spanAuxiliary(0)).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3}));
        assertThat(table.spanAuxiliary(1)).isEqualTo(ByteBuffer.wrap(new byte[] {9}));
        assertThat(table.spanHasDigest(0)).isTrue();
        assertThat(table.spanDigestIs(0, DIGEST_A)).isTrue();
        assertThat(table.spanDigestIs(0, DIGEST_B)).isFalse();
        assertThat(table.spanHasDigest(1)).isFalse();
        assertThat(table.spanExtentCount(0)).isEqualTo(2);
        assertThat(table.spanExtent(0, 0)).isEqualTo(0);
        assertThat(table.spanExtent(0, 1)).isEqualTo(1);
        assertThat(table.extentSpan(2)).isEqualTo(1);
        assertThat(table.extentSpanOffset(1)).isEqualTo(512);
        assertThat(table.extentHasDigest(1)).isFalse();
        assertThat(table.extentDigestIs(2, DIGEST_B)).isTrue();
    }

    @Test
    void findsTheExtentsOfARange() throws IOException {
        SpanTable table = builder.build(16384);
        assertThat(table.firstExtentEndingAfter(0)).isEqualTo(0);
        assertThat(table.firstExtentEndingAfter(9)).isEqualTo(0);
        assertThat(table.firstExtentEndingAfter(10)).isEqualTo(1);
        assertThat(table.firstExtentEndingAfter(4196)).isEqualTo(2);
        assertThat(table.firstExtentEndingAfter(13191)).isEqualTo(2);
        assertThat(table.firstExtentEndingAfter(13192)).isEqualTo(3);
    }

    @Test
    void everyFlippedBitIsNoticed() throws IOException {
        Path file = directory.resolve("spans");
        builder.build(16384).writeTo(file);
        byte[] good = Files.readAllBytes(file);
        for (int at = 0; at < good.length; at++) {
            byte[] bad = good.clone();
            bad[at] ^= 4;
            Files.write(file, bad);
            assertThatThrownBy(() -> SpanTable.map(file)).as("byte %d", at).isInstanceOf(IOException.class);
        }
    }

    @Test
    void anExtentWithoutAnyDigestIsRefused() {
        assertThatThrownBy(() -> builder.addExtent(1, 0, 10, 0, Optional.empty()))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining("no digest");
    }

    @Test
    void overlappingExtentsAreRefused() throws IOException {
        builder.addExtent(1, 6000, 10, 4195, Optional.of(DIGEST_A));
        assertThatThrownBy(() -> builder.build(16384)).hasMessageContaining("overlap");
    }

    @Test
    void rangesOutsideOfBlobAndDeviceAreRefused() {
        assertThatThrownBy(() -> builder.addSpan(999, 2, DECODER, new byte[0], Optional.empty()))
                .isInstanceOf(InvalidLayerException.class);
        assertThatThrownBy(() -> builder.addSpan(Long.MAX_VALUE, 2, DECODER, new byte[0], Optional.empty()))
                .isInstanceOf(InvalidLayerException.class);
        assertThatThrownBy(() -> builder.addExtent(0, Long.MAX_VALUE, 2, 0, Optional.of(DIGEST_A)))
                .isInstanceOf(InvalidLayerException.class);
        assertThatThrownBy(() -> builder.build(8192)).hasMessageContaining("beyond");
    }

    @Test
    void anyOrderOfAddingGivesTheSameTable() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int spanCount = 3000;
        List<Integer> adding = new ArrayList<>();
        for (int i = 0; i < 3 * spanCount; i++) {
            adding.add(i);
        }
        Collections.shuffle(adding, random);
        SpanTableBuilder large = new SpanTableBuilder(spanCount);
        for (int span = 0; span < spanCount; span++) {
            large.addSpan(span, 1, DECODER, new byte[span % 3], Optional.empty());
        }
        for (int i : adding) {
            large.addExtent(i % spanCount, i / spanCount * 10L, 10, 10L * i, Optional.of(digest(i)));
        }

        SpanTable table = large.build(4096 * 100);

        for (int i = 0; i < 3 * spanCount; i++) {
            assertThat(table.extentDeviceOffset(i)).as("seed %d", seed).isEqualTo(10L * i);
            assertThat(table.extentSpan(i)).as("seed %d", seed).isEqualTo(i % spanCount);
            assertThat(table.extentDigestIs(i, digest(i))).as("seed %d", seed).isTrue();
        }
        for (int span = 0; span < spanCount; span++) {
            assertThat(table.spanExtentCount(span)).isEqualTo(3);
            assertThat(table.spanAuxiliary(span).remaining()).isEqualTo(span % 3);
            assertThat(table.spanDecodedLength(span)).isEqualTo(30);
            for (int i = 0; i < 3; i++) {
                assertThat(table.spanExtent(span, i)).as("seed %d", seed).isEqualTo(span + i * spanCount);
            }
        }
    }

    private static byte[] digest(int fill) {
        byte[] digest = new byte[SpanTable.DIGEST];
        Arrays.fill(digest, (byte) fill);
        return digest;
    }
}
