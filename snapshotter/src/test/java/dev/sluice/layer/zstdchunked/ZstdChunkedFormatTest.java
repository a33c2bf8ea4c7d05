package dev.sluice.layer.zstdchunked;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.layer.Blob.Source;
import dev.sluice.layer.BytesBlob;
import dev.sluice.layer.DecodedLayer;
import dev.sluice.layer.Decoders;
import dev.sluice.layer.Entry;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerFormat.Result;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.NoImage;
import dev.sluice.layer.SpanTable;
import dev.sluice.layer.ZstdDecoder;
import dev.sluice.layer.toc.TocLimits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ZstdChunkedFormatTest {
    private static final Decoders DECODERS = new Decoders(List.of(new ZstdDecoder()));
    private static final String HOLES = "A".repeat(10) + "\0".repeat(9000) + "BBB" + "\0".repeat(2000) + "end";

    private final ZstdChunkedFormat format = new ZstdChunkedFormat();

    @ParameterizedTest
    @EnumSource
    void everyMakersLayerIsTheSameTree(RealLayer layer) throws IOException {
        LayerIndex index = read(layer.descriptor(), layer.blob());

        assertThat(index.entries())
                .extracting(Entry::path)
                .containsExactly("", "d", "d/gone", "d/hard", "d/holes", "d/null", "d/small", "d/sym");
        assertThat(index.entries()).contains(new Entry.HardLink("d/small", "d/hard"));
        DecodedLayer decoded = DecodedLayer.decode(index, layer.blob(), DECODERS);
        assertThat(text(decoded, file(index, "d/hard"))).isEqualTo("hello\n");
        assertThat(text(decoded, file(index, "d/holes"))).isEqualTo(HOLES);
        assertThat(file(index, "d/hard").attributes().mode())
                .as("of the last header")
                .isEqualTo(0644);
        assertThat(file(index, "d/hard").attributes().xattrs().get("user.k")).containsExactly('v');
    }

    @ParameterizedTest
    @EnumSource
    void theDigestOfTheCompressedTableOfContentsIsWhatTheManifestVouchesFor(RealLayer layer) throws IOException {
        assertThat(format.indexDigest(layer.descriptor()))
                .isEqualTo(layer.annotations().entrySet().stream()
                        .filter(e -> e.getKey().endsWith("manifest-checksum"))
                        .map(Map.Entry::getValue)
                        .findFirst())
                .hasValue(read(layer.descriptor(), layer.blob()).indexDigest());
    }

    @ParameterizedTest
    @EnumSource
    void onlyTheTableOfContentsIsReadWhereTheManifestSaysWhereItIs(RealLayer layer) throws IOException {
        BytesBlob blob = new BytesBlob(layer.blob());

        format.read(layer.descriptor(), blob, new NoImage());

        TocPosition position = position(layer);
        assertThat(blob.reads())
                .containsExactly(new BytesBlob.Read(position.offset(), position.compressed(), Source.ANY));
    }

    @ParameterizedTest
    @EnumSource
    void theFooterHelpsAManifestThatDoesNotSayWhereItIs(RealLayer layer) throws IOException {
        Map<String, String> annotations = without(layer, "manifest-position");

        LayerIndex index = read(RealLayer.describe(layer.blob(), annotations), layer.blob());

        assertThat(index.entries())
                .extracting(Entry::path)
                .containsExactlyElementsOf(read(layer.descriptor(), layer.blob()).entries().stream()
                        .map(Entry::path)
                        .toList());
    }

    @ParameterizedTest
    @EnumSource
    void withoutADigestNothingIsReadAtAll(RealLayer layer) throws IOException {
        BytesBlob blob = new BytesBlob(layer.blob());
        Map<String, String> annotations = without(layer, "digest");
        annotations.keySet().removeIf(name -> name.endsWith("checksum"));
        LayerDescriptor unvouched = RealLayer.describe(layer.blob(), annotations);

        assertThat(format.read(unvouched, blob, new NoImage()))
                .isInstanceOfSatisfying(
                        Result.NotThisFormat.class,
                        not -> assertThat(not.reason()).contains("trusted"));
        assertThat(format.indexDigest(unvouched)).isEmpty();
        assertThat(blob.reads()).isEmpty();
    }

    @Test
    void aDigestOfTheJsonIsEnough() throws IOException {
        RealLayer layer = RealLayer.STARGZ;
        LayerDescriptor descriptor = RealLayer.describe(layer.blob(), without(layer, "manifest-checksum"));

        assertThat(read(descriptor, layer.blob()).indexDigest())
                .isEqualTo(layer.annotations().get("containerd.io/snapshot/stargz/toc.digest"));

        byte[] bad = layer.blob();
        bad[(int) position(layer).offset() + 100] ^= 1;
        assertThatThrownBy(() -> read(descriptor, bad)).isInstanceOf(InvalidLayerException.class);
    }

    @ParameterizedTest
    @EnumSource
    void aTableOfContentsOfAnotherDigestIsAskedOfAnotherSource(RealLayer layer) throws IOException {
        byte[] bad = layer.blob();
        bad[(int) position(layer).offset() + 100] ^= 1;

        BytesBlob blob = new BytesBlob(bad).other(layer.blob());
        assertThat(format.read(layer.descriptor(), blob, new NoImage())).isInstanceOf(Result.Indexed.class);
        assertThat(blob.reads()).extracting(BytesBlob.Read::source).containsExactly(Source.ANY, Source.OTHER);

        assertThatThrownBy(() -> read(layer.descriptor(), bad)).isInstanceOf(InvalidLayerException.class);
    }

    @Test
    void zerosAreInNoSpan() throws IOException {
        LayerIndex index = read(RealLayer.STORAGE.descriptor(), RealLayer.STORAGE.blob());

        SpanTable spans = index.spans();
        long offset = file(index, "d/holes").deviceOffset();
        assertThat(spans.extentCount()).isEqualTo(4);
        assertThat(spans.extentDeviceOffset(1)).isEqualTo(offset);
        assertThat(spans.extentLength(1)).isEqualTo(10);
        assertThat(spans.extentDeviceOffset(2)).isEqualTo(offset + 9010);
        assertThat(spans.extentDeviceOffset(3)).isEqualTo(offset + 11013);
    }

    @Test
    void spansEndWithTheirFile() throws IOException {
        LayerIndex index = read(RealLayer.STORAGE.descriptor(), RealLayer.STORAGE.blob());

        assertThat(index.spans().spanBlobOffset(0)).isEqualTo(217);
        assertThat(index.spans().spanBlobLength(0)).isEqualTo(236 - 217);
    }

    @Test
    void aPositionOutsideOfTheBlobIsRefused() {
        for (String position : List.of(
                "0:10:10:1",
                "724:9999:1933:1",
                "9999:1:1:1",
                "724:0:1933:1",
                "724:743:1933:2",
                "724:743",
                "-1:743:1933:1",
                "999999999999999999:999999999999999999:1:1")) {
            Map<String, String> annotations = new HashMap<>(RealLayer.STORAGE.annotations());
            annotations.put("io.github.containers.zstd-chunked.manifest-position", position);
            assertThatThrownBy(() ->
                            read(RealLayer.describe(RealLayer.STORAGE.blob(), annotations), RealLayer.STORAGE.blob()))
                    .as(position)
                    .isInstanceOf(InvalidLayerException.class);
        }
    }

    @Test
    void moreThanTheLimitsIsRefused() {
        refused(new TocLimits(700, 10_000, 100, 1000), "allowed are 700");
        refused(new TocLimits(10_000, 1900, 100, 1000), "and 1900");
        refused(new TocLimits(10_000, 10_000, 2, 1000), "more than 2 entries");
    }

    @Test
    void aTableOfContentsThatDecodesToMoreThanItSaysIsStoppedAtTheLimit() {
        Map<String, String> annotations = new HashMap<>(RealLayer.STORAGE.annotations());
        annotations.put("io.github.containers.zstd-chunked.manifest-position", "724:743:1:1");
        assertThatThrownBy(() -> new ZstdChunkedFormat(new TocLimits(10_000, 1000, 100, 1000))
                        .read(
                                RealLayer.describe(RealLayer.STORAGE.blob(), annotations),
                                new BytesBlob(RealLayer.STORAGE.blob()),
                                new NoImage()))
                .isInstanceOf(InvalidLayerException.class);
    }

    @Test
    void gzipIsNotThisFormat() throws IOException {
        LayerDescriptor gzip = new LayerDescriptor(
                "application/vnd.oci.image.layer.v1.tar+gzip",
                "sha256:" + "0".repeat(64),
                1,
                RealLayer.STARGZ.annotations());

        assertThat(format.indexDigest(gzip)).isEmpty();
        assertThat(format.read(gzip, new BytesBlob(new byte[1]), new NoImage()))
                .isInstanceOf(Result.NotThisFormat.class);
    }

    private void refused(TocLimits limits, String message) {
        assertThatThrownBy(() -> new ZstdChunkedFormat(limits)
                        .read(RealLayer.STORAGE.descriptor(), new BytesBlob(RealLayer.STORAGE.blob()), new NoImage()))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining(message);
    }

    private LayerIndex read(LayerDescriptor descriptor, byte[] blob) throws IOException {
        return ((Result.Indexed) format.read(descriptor, new BytesBlob(blob), new NoImage())).index();
    }

    private static TocPosition position(RealLayer layer) throws IOException {
        String text = layer.annotations().entrySet().stream()
                .filter(e -> e.getKey().endsWith("manifest-position"))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElseThrow();
        return TocPosition.parse(text, layer.blob().length);
    }

    private static Map<String, String> without(RealLayer layer, String end) {
        Map<String, String> annotations = new HashMap<>(layer.annotations());
        annotations.keySet().removeIf(name -> name.endsWith(end));
        return annotations;
    }

    private static String text(DecodedLayer decoded, Entry.RegularFile file) {
        return new String(decoded.contents(file), StandardCharsets.ISO_8859_1);
    }

    private static Entry.RegularFile file(LayerIndex index, String path) {
        return index.entries().stream()
                .filter(entry -> entry.path().equals(path))
                .map(Entry.RegularFile.class::cast)
                .findFirst()
                .orElseThrow();
    }
}
