package dev.sluice.layer.nydus;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.layer.BytesBlob;
import dev.sluice.layer.DecodedLayer;
import dev.sluice.layer.Decoders;
import dev.sluice.layer.Entry;
import dev.sluice.layer.ExtentDigest;
import dev.sluice.layer.GzipSpanDecoder;
import dev.sluice.layer.IdentityDecoder;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerFormat;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.Lz4Decoder;
import dev.sluice.layer.ZstdDecoder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NydusFormatTest {
    private static final Decoders DECODERS =
            new Decoders(List.of(new IdentityDecoder(), new Lz4Decoder(), new ZstdDecoder(), new GzipSpanDecoder()));

    private final NydusFormat format = new NydusFormat();

    @ParameterizedTest
    @ValueSource(strings = {"zstd", "lz4_block", "none", "zran"})
    void theBootstrapIsTheTreeOfTheWholeImage(String form) throws IOException {
        NydusImage image = NydusImage.of(form);
        LayerIndex index = index(image, image.bootstrap());

        assertThat(index.entries().stream().map(NydusFormatTest::describe))
                .containsExactlyInAnyOrder(
                        "Directory  755 0",
                        "Directory dev 755 0",
                        "BlockDevice dev/loop 660 7:300",
                        "CharDevice dev/null 666 1:3",
                        "RegularFile kept 644 0 " + numbers(2, 60).length,
                        "Directory old 700 0",
                        "RegularFile old/new 644 0 " + numbers(500, 3000).length,
                        "Directory usr 755 0",
                        "RegularFile usr/empty 644 0 0",
                        "RegularFile usr/hard 600 1000 " + numbers(0, 2500).length,
                        "Symlink usr/link 777 numbers",
                        "RegularFile usr/more 644 0 " + (numbers(0, 2500).length + 3),
                        "HardLink usr/numbers usr/hard",
                        "RegularFile usr/numbers-again 644 0 " + numbers(0, 2500).length,
                        "RegularFile usr/setuid 4755 0 12 user.color=blue",
                        "RegularFile usr/zeros 644 0 20000");
    }

    @ParameterizedTest
    @ValueSource(strings = {"zstd", "lz4_block", "none", "zran"})
    void everyByteComesFromTheBlobsAndHasItsDigest(String form) throws IOException {
        NydusImage image = NydusImage.of(form);
        LayerIndex index = index(image, image.bootstrap());
        DecodedLayer decoded = DecodedLayer.decode(index, image.data(index), DECODERS);

        Map<String, byte[]> contents = new HashMap<>();
        for (Entry entry : index.entries()) {
            if (entry instanceof Entry.RegularFile file) {
                contents.put(file.path(), decoded.contents(file));
            }
        }
        assertThat(contents.get("usr/hard")).isEqualTo(numbers(0, 2500));
        assertThat(contents.get("usr/numbers-again")).isEqualTo(numbers(0, 2500));
        assertThat(contents.get("usr/zeros")).isEqualTo(new byte[20000]);
        assertThat(contents.get("kept")).isEqualTo(numbers(2, 60));
        assertThat(contents.get("old/new")).isEqualTo(numbers(500, 3000));
        assertThat(new String(contents.get("usr/more"), US_ASCII))
                .isEqualTo(new String(numbers(0, 2500), US_ASCII) + "end");
        assertThat(index.spans().extentDigestKind(0))
                .isEqualTo(form.equals("zran") ? ExtentDigest.Kind.SHA256 : ExtentDigest.Kind.BLAKE3);
    }

    @Test
    void filesOfTheSameBytesShareThem() throws IOException {
        NydusImage image = NydusImage.of("zstd");
        Map<String, Long> offsets = index(image, image.bootstrap()).entries().stream()
                .filter(entry -> entry instanceof Entry.RegularFile)
                .collect(Collectors.toMap(Entry::path, entry -> ((Entry.RegularFile) entry).deviceOffset()));
        assertThat(offsets.get("usr/hard")).isEqualTo(offsets.get("usr/numbers-again"));
        assertThat(offsets.get("usr/hard")).isNotEqualTo(offsets.get("usr/zeros"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"zstd", "zran"})
    void layersOfBlobsAreEmpty(String form) throws IOException {
        NydusImage image = NydusImage.of(form);
        for (LayerDescriptor blob : image.layers().subList(0, 2)) {
            LayerIndex index = index(image, blob);
            assertThat(index.entries()).isEmpty();
            assertThat(index.spans().deviceSize()).isZero();
            // All images that have the blob say the same of it.
            assertThat(format.indexDigest(blob)).contains(index.indexDigest());
            assertThat(index.indexDigest()).isNotEqualTo(image.bootstrap().digest());
        }
        // Fetched once for all layers.
        assertThat(image.opened())
                .filteredOn(image.bootstrap().digest()::equals)
                .hasSize(1);
    }

    @Test
    void theBootstrapsDigestVouchesForAll() throws IOException {
        NydusImage image = NydusImage.of("zstd");
        assertThat(format.indexDigest(image.bootstrap()))
                .contains(image.bootstrap().digest());
        assertThat(index(image, image.bootstrap()).indexDigest())
                .isEqualTo(image.bootstrap().digest());
        assertThat(image.layers()).noneMatch(format::isTar);
    }

    @Test
    void aWrongByteOfTheBootstrapIsFetchedElsewhere() throws IOException {
        NydusImage image = NydusImage.of("zstd");
        String digest = image.bootstrap().digest();
        byte[] good = image.bytes(digest);
        for (int i : new int[] {0, 30, good.length / 2, good.length - 1}) {
            byte[] bad = good.clone();
            bad[i] ^= 1;
            image.replace(digest, new BytesBlob(bad).other(good));
            assertThat(new NydusFormat().read(image.bootstrap(), image.open(image.bootstrap()), image))
                    .isInstanceOf(LayerFormat.Result.Indexed.class);
            image.replace(digest, new BytesBlob(bad));
            assertThatThrownBy(() -> new NydusFormat().read(image.bootstrap(), image.open(image.bootstrap()), image))
                    .isInstanceOf(InvalidLayerException.class)
                    .hasMessageContaining("what came as blob " + digest);
        }
    }

    @Test
    void metadataOfAGzipLayerAreVerified() throws IOException {
        NydusImage image = NydusImage.of("zran");
        String digest = image.layers().get(0).digest();
        byte[] bad = image.bytes(digest);
        bad[bad.length / 2] ^= 1;
        image.replace(digest, new BytesBlob(bad));
        assertThatThrownBy(() -> index(image, image.bootstrap()))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining("what came as blob " + digest);
    }

    @Test
    void aBlobWithoutBootstrapIsNotEmpty() throws IOException {
        NydusImage image = NydusImage.of("zstd");
        LayerDescriptor blob = image.layers().get(0);
        NydusImage without = image.with(List.of(blob));
        assertThatThrownBy(() -> index(without, blob))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining("no bootstrap");
    }

    @Test
    void everyBlobIsALayerOfTheImage() throws IOException {
        NydusImage image = NydusImage.of("zstd");
        NydusImage less = image.with(List.of(image.layers().get(0), image.bootstrap()));
        assertThatThrownBy(() -> index(less, less.bootstrap()))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining("needs " + image.layers().get(1).digest());
    }

    @Test
    void otherVersionsAreRefused() throws IOException {
        NydusImage image = NydusImage.of("zstd");
        LayerDescriptor v5 = new LayerDescriptor(
                image.bootstrap().mediaType(),
                image.bootstrap().digest(),
                image.bootstrap().size(),
                Map.of(
                        "containerd.io/snapshot/nydus-bootstrap",
                        "true",
                        "containerd.io/snapshot/nydus-fs-version",
                        "5"));
        assertThatThrownBy(() -> index(image, v5))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining("RAFS of version 5");
    }

    @Test
    void otherLayersAreLeftToOthers() throws IOException {
        NydusImage image = NydusImage.of("zstd");
        LayerDescriptor plain = new LayerDescriptor(
                "application/vnd.oci.image.layer.v1.tar+gzip", "sha256:" + "0".repeat(64), 1, Map.of());
        assertThat(format.read(plain, new BytesBlob(new byte[1]), image))
                .isInstanceOf(LayerFormat.Result.NotThisFormat.class);
        assertThat(image.opened()).isEmpty();
    }

    private LayerIndex index(NydusImage image, LayerDescriptor layer) throws IOException {
        return ((LayerFormat.Result.Indexed) format.read(layer, new BytesBlob(new byte[1]), image)).index();
    }

    private static String describe(Entry entry) {
        List<String> words = new ArrayList<>(List.of(entry.getClass().getSimpleName(), entry.path()));
        if (entry instanceof Entry.HardLink link) {
            words.add(link.target());
        } else if (entry instanceof Entry.Directory e) {
            words.addAll(
                    List.of(octal(e.attributes().mode()), "" + e.attributes().uid()));
        } else if (entry instanceof Entry.RegularFile e) {
            words.addAll(
                    List.of(octal(e.attributes().mode()), "" + e.attributes().uid(), "" + e.size()));
            e.attributes().xattrs().forEach((name, value) -> words.add(name + "=" + new String(value, US_ASCII)));
        } else if (entry instanceof Entry.Symlink e) {
            words.addAll(List.of(octal(e.attributes().mode()), e.target()));
        } else if (entry instanceof Entry.CharDevice e) {
            words.addAll(List.of(octal(e.attributes().mode()), e.major() + ":" + e.minor()));
        } else if (entry instanceof Entry.BlockDevice e) {
            words.addAll(List.of(octal(e.attributes().mode()), e.major() + ":" + e.minor()));
        }
        return String.join(" ", words);
    }

    private static String octal(int mode) {
        return Integer.toOctalString(mode);
    }

    private static byte[] numbers(int from, int to) {
        return IntStream.range(from, to)
                .mapToObj(i -> i + "\n")
                .collect(Collectors.joining())
                .getBytes(US_ASCII);
    }
}
