package dev.sluice.layer.estargz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.layer.Blob.Source;
import dev.sluice.layer.BytesBlob;
import dev.sluice.layer.DecodedLayer;
import dev.sluice.layer.Decoders;
import dev.sluice.layer.DeviceRange;
import dev.sluice.layer.Entry;
import dev.sluice.layer.GzipDecoder;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerFormat.Result;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.NoImage;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EstargzFormatTest {
    private static final Decoders DECODERS = new Decoders(List.of(new GzipDecoder()));

    private final EstargzBuilder builder = new EstargzBuilder();
    private final EstargzFormat format = new EstargzFormat();

    @Test
    void filesComeOutOfTheirChunks() throws IOException {
        byte[] large = random(10_000);
        byte[] small = random(5);
        EstargzBuilder.Layer layer = builder.chunkSize(3001)
                .file("large", large)
                .file("small", small)
                .file("empty", new byte[0])
                .build();

        LayerIndex index = read(layer);

        assertThat(index.spans().extentCount()).isEqualTo(5);
        assertThat(index.spans().spanCount()).isEqualTo(5);
        DecodedLayer decoded = DecodedLayer.decode(index, layer.blob(), DECODERS);
        assertThat(decoded.contents(file(index, "large"))).isEqualTo(large);
        assertThat(decoded.contents(file(index, "small"))).isEqualTo(small);
        assertThat(file(index, "empty").size()).isZero();
    }

    @Test
    void filesLieInTheDeviceAsInTheBlobEachAtABlock() throws IOException {
        EstargzBuilder.Layer layer = builder.file("z", random(5000))
                .file("a", random(1))
                .file("m", random(4096))
                .build();

        LayerIndex index = read(layer);

        assertThat(file(index, "z").deviceOffset()).isZero();
        assertThat(file(index, "a").deviceOffset()).isEqualTo(8192);
        assertThat(file(index, "m").deviceOffset()).isEqualTo(12288);
        assertThat(index.spans().deviceSize()).isEqualTo(16384);
    }

    @Test
    void chunksWithAnInnerOffsetShareASpan() throws IOException {
        byte[] both = random(300);
        byte[] first = java.util.Arrays.copyOf(both, 100);
        byte[] second = java.util.Arrays.copyOfRange(both, 150, 300);
        long offset = builder.member(both);
        EstargzBuilder.Layer layer = builder.entry(
                        "a", "reg", "size", 100, "offset", offset, "digest", EstargzBuilder.sha256(first))
                .entry(
                        "b",
                        "reg",
                        "size",
                        150,
                        "offset",
                        offset,
                        "innerOffset",
                        150,
                        "chunkDigest",
                        EstargzBuilder.sha256(second))
                .build();

        LayerIndex index = read(layer);

        assertThat(index.spans().spanCount()).isEqualTo(1);
        DecodedLayer decoded = DecodedLayer.decode(index, layer.blob(), DECODERS);
        assertThat(decoded.contents(file(index, "a"))).isEqualTo(first);
        assertThat(decoded.contents(file(index, "b"))).isEqualTo(second);
    }

    @Test
    void whatComesBeforeTheLandmarkIsPrefetched() throws IOException {
        byte[] mark = {0xf};
        LayerIndex index = read(builder.file("a", random(5000))
                .file(".prefetch.landmark", mark)
                .file("b", random(1))
                .build());

        assertThat(index.prefetch()).containsExactly(new DeviceRange(0, 8192));
        assertThat(index.entries()).extracting(Entry::path).containsExactly("a", "b");
    }

    @Test
    void landmarksAndTheTableOfContentsAreHiddenInTheRootOnly() throws IOException {
        byte[] mark = {0xf};
        LayerIndex index = read(builder.file(".no.prefetch.landmark", mark)
                .file("./stargz.index.json", mark)
                .file("d/.prefetch.landmark", mark)
                .build());

        assertThat(index.prefetch()).isEmpty();
        assertThat(index.entries()).extracting(Entry::path).containsExactly("d/.prefetch.landmark");
    }

    @Test
    void aSmallTableOfContentsTakesOneRequest() throws IOException {
        EstargzBuilder.Layer layer = builder.file("a", random(3 << 20)).build();
        BytesBlob blob = new BytesBlob(layer.blob());

        assertThat(format.read(layer.descriptor(), blob, new NoImage())).isInstanceOf(Result.Indexed.class);
        assertThat(blob.reads()).hasSize(1);
    }

    @Test
    void aLargeTableOfContentsTakesTwoRequestsThatDoNotOverlap() throws IOException {
        for (int i = 0; i < 6000; i++) {
            builder.file("f" + i, new byte[] {(byte) i, (byte) (i >> 8)});
        }
        EstargzBuilder.Layer layer = builder.build();
        BytesBlob blob = new BytesBlob(layer.blob());

        assertThat(format.read(layer.descriptor(), blob, new NoImage())).isInstanceOf(Result.Indexed.class);
        assertThat(blob.reads()).hasSize(2);
        BytesBlob.Read tail = blob.reads().get(0);
        BytesBlob.Read rest = blob.reads().get(1);
        assertThat(rest.offset() + rest.length()).isEqualTo(tail.offset());
    }

    @Test
    void aDigestOtherThanTheManifestsIsAskedOfAnotherSource() throws IOException {
        EstargzBuilder.Layer good = builder.file("a", random(10)).build();
        byte[] bad = good.blob().clone();
        bad[bad.length - 51 - 40] ^= 1;

        BytesBlob blob = new BytesBlob(bad).other(good.blob());
        assertThat(format.read(good.descriptor(), blob, new NoImage())).isInstanceOf(Result.Indexed.class);
        assertThat(blob.reads()).extracting(BytesBlob.Read::source).containsExactly(Source.ANY, Source.OTHER);

        assertThatThrownBy(() -> format.read(good.descriptor(), new BytesBlob(bad), new NoImage()))
                .isInstanceOf(InvalidLayerException.class);
    }

    @Test
    void aTableOfContentsThatTheManifestDoesNotVouchForIsRefused() {
        EstargzBuilder.Layer layer = builder.file("a", random(10)).build();
        LayerDescriptor other =
                annotated(layer, Map.of("containerd.io/snapshot/stargz/toc.digest", "sha256:" + "0".repeat(64)));
        assertThatThrownBy(() -> format.read(other, new BytesBlob(layer.blob()), new NoImage()))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining("manifest says sha256:000");
    }

    @Test
    void theFooterMayBeTheOneOfStargz() throws IOException {
        byte[] content = random(5000);
        byte[] toc = EstargzBuilder.json(builder.file("a", content).toc());
        EstargzBuilder.Layer data = builder.buildRaw("");
        byte[] footer = EstargzBuilder.emptyMember("%016xSTARGZ".formatted(data.blob().length));

        EstargzBuilder.Layer layer = builder.buildRaw(
                EstargzBuilder.sha256(toc), EstargzBuilder.gzip(EstargzBuilder.tar(TocStream.NAME, toc)), footer);

        LayerIndex index = read(layer);
        assertThat(footer).hasSize(47);
        assertThat(DecodedLayer.decode(index, layer.blob(), DECODERS).contents(file(index, "a")))
                .isEqualTo(content);
    }

    @Test
    void theTableOfContentsMayBeInAnImageBeside() throws IOException {
        byte[] content = random(5000);
        byte[] toc = EstargzBuilder.json(builder.file("a", content).toc());
        EstargzBuilder.Layer layer = withExternalToc(EstargzBuilder.sha256(toc));
        byte[] gzip = EstargzBuilder.gzip(EstargzBuilder.tar(TocStream.NAME, toc));

        Result result = format.read(
                layer.descriptor(),
                new BytesBlob(layer.blob()),
                new Companion(layer.descriptor().digest(), gzip));

        LayerIndex index = ((Result.Indexed) result).index();
        assertThat(index.indexDigest()).isEqualTo(EstargzBuilder.sha256(toc));
        assertThat(DecodedLayer.decode(index, layer.blob(), DECODERS).contents(file(index, "a")))
                .isEqualTo(content);
    }

    @Test
    void anImageBesideWithoutThisTableOfContentsIsAReasonNotAFailure() throws IOException {
        EstargzBuilder.Layer layer = withExternalToc("sha256:" + "0".repeat(64));
        BytesBlob blob = new BytesBlob(layer.blob());

        assertThat(format.read(layer.descriptor(), blob, new Companion("sha256:" + "1".repeat(64), new byte[1])))
                .isInstanceOf(Result.NotThisFormat.class);
        assertThat(format.read(layer.descriptor(), blob, new NoImage()))
                .isInstanceOfSatisfying(
                        Result.NotThisFormat.class,
                        not -> assertThat(not.reason()).contains("-esgztoc"));
    }

    @Test
    void nobodyVouchesForTheImageBeside() {
        EstargzBuilder.Layer layer = withExternalToc("sha256:" + "0".repeat(64));
        byte[] toc = EstargzBuilder.json(builder.toc());
        byte[] gzip = EstargzBuilder.gzip(EstargzBuilder.tar(TocStream.NAME, toc));

        assertThatThrownBy(() -> format.read(
                        layer.descriptor(),
                        new BytesBlob(layer.blob()),
                        new Companion(layer.descriptor().digest(), gzip)))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining("manifest says sha256:000");
    }

    @Test
    void zstdIsNotThisFormat() throws IOException {
        LayerDescriptor zstd = new LayerDescriptor(
                "application/vnd.oci.image.layer.v1.tar+zstd",
                "sha256:" + "0".repeat(64),
                1,
                Map.of("containerd.io/snapshot/stargz/toc.digest", "sha256:" + "0".repeat(64)));

        assertThat(format.indexDigest(zstd)).isEmpty();
        assertThat(format.read(zstd, new BytesBlob(new byte[1]), new NoImage()))
                .isInstanceOf(Result.NotThisFormat.class);
    }

    private EstargzBuilder.Layer withExternalToc(String digest) {
        return builder.buildRaw(digest, EstargzBuilder.emptyMember("SG\u0011\0STARGZEXTERNALTOC"));
    }

    @Test
    void withoutTheAnnotationNothingIsReadAtAll() throws IOException {
        EstargzBuilder.Layer layer = builder.file("a", random(10)).build();
        BytesBlob blob = new BytesBlob(layer.blob());

        Result result = format.read(annotated(layer, Map.of()), blob, new NoImage());

        assertThat(result)
                .isInstanceOfSatisfying(
                        Result.NotThisFormat.class,
                        not -> assertThat(not.reason()).contains("trusted"));
        assertThat(blob.reads()).isEmpty();
    }

    private LayerIndex read(EstargzBuilder.Layer layer) throws IOException {
        Result result = format.read(layer.descriptor(), new BytesBlob(layer.blob()), new NoImage());
        return ((Result.Indexed) result).index();
    }

    private static LayerDescriptor annotated(EstargzBuilder.Layer layer, Map<String, String> annotations) {
        LayerDescriptor d = layer.descriptor();
        return new LayerDescriptor(d.mediaType(), d.digest(), d.size(), annotations);
    }

    private static Entry.RegularFile file(LayerIndex index, String path) {
        return index.entries().stream()
                .filter(entry -> entry.path().equals(path))
                .map(Entry.RegularFile.class::cast)
                .findFirst()
                .orElseThrow();
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
