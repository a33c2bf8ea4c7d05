package dev.sluice.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.fill.BootId;
import dev.sluice.image.LayerClaim;
import dev.sluice.image.ResolvedImage;
import dev.sluice.layer.Attributes;
import dev.sluice.layer.Blob;
import dev.sluice.layer.BytesBlob;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.PlainLayerLimits;
import dev.sluice.layer.TarBuilder;
import dev.sluice.layer.tar.StreamDecoders;
import dev.sluice.linux.Linux;
import dev.sluice.ondemand.ErofsMounter;
import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.Manifest;
import dev.sluice.registry.MediaTypes;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Plain tars, so that no zlib is needed. */
class PlainLayersTest {
    private static final int FILE = 3 << 20;
    private static final PlainLayerLimits LIMITS = PlainLayerLimits.forHeap(256 << 20);

    @TempDir
    Path root;

    private final byte[] contents = new byte[FILE];
    private final byte[] tar;
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final LayerReferences references = new LayerReferences();
    private LayerStore store;
    private IndexStore indexes;

    PlainLayersTest() {
        new Random(3).nextBytes(contents);
        tar = new TarBuilder()
                .file("file", new Attributes(0644, 0, 0, 0, 0, Map.of()), contents)
                .build();
    }

    @BeforeEach
    void open() throws IOException {
        store = LayerStore.open(root.resolve("layers"));
        indexes = IndexStore.open(root.resolve("indexes"), LIMITS, 1 << 20);
    }

    @AfterEach
    void stop() {
        executor.shutdownNow();
    }

    @Test
    void aLayerIsFetchedWholeAndItsDataAreComplete() throws Exception {
        LayerId id = fetch(layers(), new BytesBlob(tar), diffId()).fetched().get();

        LayerDirectory directory = store.find(id).orElseThrow();
        LayerRecord record = directory.readRecord();
        assertThat(record.format()).isEqualTo("tar");
        assertThat(record.diffId()).isEqualTo(diffId().toString());
        assertThat(record.whole()).isTrue();
        assertThat(Files.readAllBytes(directory.files().data())).isEqualTo(contents);
        assertThat(whole().open(directory.files(), record.deviceSize())).isPresent();
        assertThat(references.isUsed(id)).as("pinned for the caller").isTrue();
    }

    @Test
    void allWhoWantALayerAtOnceShareOneFetch() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        BytesBlob blob = new BytesBlob(tar);
        PlainLayers layers = layers();
        Blob slow = new Blob() {
            @Override
            public long size() {
                return blob.size();
            }

            @Override
            public ReadableByteChannel read(long offset, long length, Source source) throws IOException {
                try {
                    go.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                synchronized (blob) {
                    return blob.read(offset, length, source);
                }
            }
        };
        LayerBuilder.Result.UnderWay first = fetch(layers, slow, diffId());
        LayerBuilder.Result.UnderWay second = fetch(layers, slow, diffId());
        go.countDown();

        assertThat(second.fetched().get()).isEqualTo(first.fetched().get());
        assertThat(blob.reads()).hasSize((tar.length + BlobStream.PART - 1) / BlobStream.PART);
        references.unpin(first.id());
        assertThat(references.isUsed(first.id())).as("pinned for the second").isTrue();
    }

    @Test
    void bytesThatAreNotThoseOfTheManifestAreFetchedOnceMoreFromElsewhereAndThenRefused() throws IOException {
        byte[] wrong = tar.clone();
        wrong[FILE / 2] ^= 1;
        BytesBlob blob = new BytesBlob(wrong);

        LayerBuilder.Result.UnderWay refused = fetch(layers(), blob, diffId());

        assertThatThrownBy(() -> refused.fetched().get())
                .isInstanceOf(ExecutionException.class)
                .hasMessageContaining("digest");
        assertThat(blob.reads()).anyMatch(read -> read.source() == Blob.Source.OTHER);
        assertThat(root.resolve("layers")).isEmptyDirectory();
        assertThat(references.isUsed(refused.id())).isFalse();
    }

    @Test
    void whateverEndsAFetchIsToldToWhoWaits() throws Exception {
        Blob defect = new Blob() {
            @Override
            public long size() {
                throw new NoClassDefFoundError("a library that cannot be loaded");
            }

            @Override
            public ReadableByteChannel read(long offset, long length, Source source) {
                throw new AssertionError("nobody knows how long it is");
            }
        };

        LayerBuilder.Result.UnderWay ended = fetch(layers(), defect, diffId());

        assertThatThrownBy(() -> ended.fetched().get()).hasRootCauseInstanceOf(NoClassDefFoundError.class);
        assertThat(fetch(layers(), new BytesBlob(tar), diffId()).fetched().get())
                .as("and can be tried again")
                .isEqualTo(ended.id());
    }

    @Test
    void oneGoodSourceIsEnough() throws Exception {
        byte[] wrong = tar.clone();
        wrong[FILE / 2] ^= 1;

        LayerId id = fetch(layers(), new BytesBlob(wrong).other(tar), diffId())
                .fetched()
                .get();

        assertThat(Files.readAllBytes(store.directory(id).files().data())).isEqualTo(contents);
    }

    @Test
    void aDiffIdThatTheBytesDoNotHaveIsRefused() throws IOException {
        Digest other = Digest.sha256(new byte[] {1});

        LayerBuilder.Result.UnderWay refused = fetch(layers(), new BytesBlob(tar), other);

        assertThatThrownBy(() -> refused.fetched().get()).hasMessageContaining(other.toString());
        assertThat(root.resolve("layers")).isEmptyDirectory();
    }

    @Test
    void aLayerThatComesAgainIsLazyByItsIndex() throws Exception {
        LayerId id = fetch(layers(), new BytesBlob(tar), diffId()).fetched().get();
        store.deleteCondemned(store.condemn(id).orElseThrow());
        BytesBlob blob = new BytesBlob(tar);

        LayerBuilder.Result again = build(layers(), blob, diffId());

        assertThat(again).isEqualTo(new LayerBuilder.Result.Built(id));
        assertThat(blob.reads()).isEmpty();
        assertThat(store.directory(id).readRecord().whole()).isFalse();
        assertThat(store.directory(id).files().data()).doesNotExist();
    }

    @Test
    void anIndexThatIsDamagedCostsAFetchAndNothingElse() throws Exception {
        LayerId id = fetch(layers(), new BytesBlob(tar), diffId()).fetched().get();
        store.deleteCondemned(store.condemn(id).orElseThrow());
        try (var files = Files.list(root.resolve("indexes"))) {
            Path index = files.findFirst().orElseThrow();
            byte[] bytes = Files.readAllBytes(index);
            bytes[bytes.length / 2] ^= 1;
            Files.write(index, bytes);
        }

        assertThat(fetch(layers(), new BytesBlob(tar), diffId()).fetched().get())
                .isEqualTo(id);
    }

    @Test
    void whatWasVerifiedIsRightForEverybodyWhoNamesItsDiffId() throws Exception {
        LayerId id = fetch(layers(), new BytesBlob(tar), diffId()).fetched().get();
        Digest image = Digest.sha256(new byte[] {7});
        Digest blob = Digest.sha256(new byte[] {8});

        assertThat(new StoredLayers(store).isMeantBy(claim(image, blob, diffId()), id))
                .isTrue();
        assertThat(new StoredLayers(store).isMeantBy(claim(image, blob, Digest.sha256(new byte[] {9})), id))
                .as("who means another diff ID")
                .isFalse();
    }

    @Test
    void whatOnlyImagesVouchForIsRightForTheseAlone() throws Exception {
        Digest image = Digest.sha256(new byte[] {1});
        Digest blob = Digest.parse(descriptor().digest());
        LayerId id = fetch(layers(), new BytesBlob(tar), diffId()).fetched().get();
        LayerDirectory directory = store.directory(id);
        LayerRecord verified = directory.readRecord();
        directory.writeRecord(new LayerRecord(
                LayerRecord.MAGIC,
                LayerRecord.VERSION,
                verified.format(),
                verified.layer(),
                verified.indexDigest(),
                verified.deviceSize(),
                List.of(),
                List.of(),
                verified.sources(),
                Vouchers.image(image),
                false,
                List.of()));
        StoredLayers stored = new StoredLayers(store);

        assertThat(stored.isMeantBy(claim(image, blob), id)).isTrue();
        assertThat(stored.isMeantBy(claim(Digest.sha256(new byte[] {2}), blob), id))
                .isFalse();
        assertThat(stored.isMeantBy(claim(image, Digest.sha256(new byte[] {3})), id))
                .isFalse();
        assertThat(stored.isVerified(id)).isFalse();

        store.vouch(id, Vouchers.image(Digest.sha256(new byte[] {2})));

        assertThat(stored.isMeantBy(claim(Digest.sha256(new byte[] {2}), blob), id))
                .isTrue();
        assertThat(stored.isMeantBy(claim(image, blob), id)).isTrue();
        assertThat(stored.isMeantBy(claim(Digest.sha256(new byte[] {4}), blob), id))
                .isFalse();

        store.vouch(id, Vouchers.REPOSITORY);

        assertThat(stored.isMeantBy(claim(Digest.sha256(new byte[] {4}), blob), id))
                .isTrue();
        assertThat(stored.isMeantBy(claim(image, Digest.sha256(new byte[] {3})), id))
                .as("who has another blob")
                .isFalse();
    }

    @Test
    void layersOfOtherKindsAreLeftAlone() throws IOException {
        LayerDescriptor encrypted = new LayerDescriptor(
                "application/vnd.oci.image.layer.v1.tar+encrypted", descriptor().digest(), tar.length, Map.of());

        assertThat(layers().build(image(diffId()), 0, encrypted, "example.test/app:1", new BytesBlob(tar)))
                .isEmpty();
    }

    private LayerBuilder.Result.UnderWay fetch(PlainLayers layers, Blob blob, Digest diffId) throws IOException {
        return (LayerBuilder.Result.UnderWay) build(layers, blob, diffId);
    }

    private LayerBuilder.Result build(PlainLayers layers, Blob blob, Digest diffId) throws IOException {
        return layers.build(image(diffId), 0, descriptor(), "example.test/app:1", blob)
                .orElseThrow();
    }

    private PlainLayers layers() throws IOException {
        PlainSettings settings = new PlainSettings(
                true,
                Duration.ZERO,
                1,
                new StreamDecoders(() -> {
                    throw new IOException("no zlib");
                }),
                1 << 20,
                LIMITS,
                1 << 20,
                Optional.empty(),
                Optional.empty(),
                new NoMounts());
        LayerFetch fetch = new LayerFetch(new BlobPass(settings, executor), whole(), indexes);
        return new PlainLayers(store, references, indexes, Optional.empty(), Optional.empty(), fetch, executor);
    }

    private static WholeLayers whole() throws IOException {
        return new WholeLayers(Linux.load(), new NoMounts(), BootId.current());
    }

    private static final class NoMounts implements ErofsMounter {
        @Override
        public String way() {
            return "nothing";
        }

        @Override
        public void mount(Path metadata, Path device, Path target) {
            throw new UnsupportedOperationException("nothing is mounted here");
        }
    }

    private LayerDescriptor descriptor() {
        return new LayerDescriptor("application/vnd.oci.image.layer.v1.tar", diffId().toString(), tar.length, Map.of());
    }

    /** Of a plain tar, blob and tar are the same. */
    private Digest diffId() {
        return Digest.sha256(tar);
    }

    private ResolvedImage image(Digest diffId) {
        Descriptor layer = new Descriptor(
                "application/vnd.oci.image.layer.v1.tar",
                Digest.parse(descriptor().digest()),
                tar.length);
        Manifest manifest = new Manifest(
                MediaTypes.OCI_MANIFEST, layer, List.of(layer), Map.of(), Optional.empty(), Optional.empty());
        return new ResolvedImage(
                ImageReference.parse("example.test/app:1"),
                manifest,
                Digest.sha256("manifest".getBytes(StandardCharsets.UTF_8)),
                0,
                List.of(diffId));
    }

    private static LayerClaim claim(Digest manifest, Digest blob) {
        return claim(manifest, blob, Digest.sha256(new byte[] {5}));
    }

    private static LayerClaim claim(Digest manifest, Digest blob, Digest diffId) {
        return new LayerClaim(manifest, "sha256:" + "c".repeat(64), new Descriptor("a/b", blob, 1), diffId);
    }
}
