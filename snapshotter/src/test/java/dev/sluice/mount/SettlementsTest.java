package dev.sluice.mount;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.containerd.ContainerdClient;
import dev.sluice.fill.BootId;
import dev.sluice.image.ImageResolver;
import dev.sluice.image.LayerClaim;
import dev.sluice.image.ResolvedImage;
import dev.sluice.layer.Attributes;
import dev.sluice.layer.Blob;
import dev.sluice.layer.BytesBlob;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerFormat;
import dev.sluice.layer.LayerImage;
import dev.sluice.layer.PlainLayerLimits;
import dev.sluice.layer.TarBuilder;
import dev.sluice.layer.estargz.EstargzBuilder;
import dev.sluice.layer.estargz.EstargzFormat;
import dev.sluice.layer.tar.StreamDecoders;
import dev.sluice.linux.Linux;
import dev.sluice.mount.LazyLayers.Disagreement;
import dev.sluice.mount.Settlements.Verdict;
import dev.sluice.ondemand.ErofsMounter;
import dev.sluice.registry.CredentialSource;
import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.Manifest;
import dev.sluice.registry.MediaTypes;
import dev.sluice.registry.RegistryClient;
import dev.sluice.registry.RegistryOptions;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Plain tars, so that no zlib is needed. */
class SettlementsTest {
    private static final String CHAIN = "sha256:" + "c".repeat(64);
    private static final PlainLayerLimits LIMITS = PlainLayerLimits.forHeap(256 << 20);

    @TempDir
    Path root;

    private final byte[] tar = tar("right");
    private final byte[] forgedTar = tar("forged");
    private final Digest diffId = Digest.sha256(tar);
    private final Image honest = new Image("honest", tar, diffId);
    private final Image forged = new Image("forged", forgedTar, diffId);

    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final LayerReferences references = new LayerReferences();
    private final Disproofs disproofs = new Disproofs();
    private final Map<String, BytesBlob> registry = new ConcurrentHashMap<>();
    private final Map<Digest, Image> images = new HashMap<>();
    private final ContainerdClient containerd = new ContainerdClient(Path.of("/nonexistent/containerd.sock"));
    private final RegistryClient client = new RegistryClient(RegistryOptions.defaults(), CredentialSource.anonymous());
    private Instant now = Instant.ofEpochSecond(1_800_000_000);
    private LayerStore store;
    private StoredLayers stored;

    @BeforeEach
    void open() throws IOException {
        store = LayerStore.open(root.resolve("layers"));
        stored = new StoredLayers(store);
    }

    @AfterEach
    void stop() {
        executor.shutdownNow();
        containerd.close();
        client.close();
    }

    /** An image of one layer. */
    private final class Image {
        private final byte[] blob;
        private final ResolvedImage resolved;

        Image(String name, byte[] blob, Digest claimed) {
            this(name, blob, claimed, "application/vnd.oci.image.layer.v1.tar", Map.of());
        }

        Image(String name, byte[] blob, Digest claimed, String mediaType, Map<String, String> annotations) {
            this.blob = blob;
            Descriptor layer = new Descriptor(
                    mediaType, Digest.sha256(blob), blob.length, annotations, Optional.empty(), Optional.empty());
            resolved = new ResolvedImage(
                    ImageReference.parse("example.test/" + name + ":1"),
                    new Manifest(
                            MediaTypes.OCI_MANIFEST,
                            layer,
                            List.of(layer),
                            Map.of(),
                            Optional.empty(),
                            Optional.empty()),
                    Digest.sha256(name.getBytes(StandardCharsets.UTF_8)),
                    0,
                    List.of(claimed));
        }

        LayerClaim claim() {
            images.put(resolved.manifestDigest(), this);
            return new LayerClaim(
                    resolved.manifestDigest(),
                    CHAIN,
                    resolved.layer(),
                    resolved.diffIds().get(0));
        }

        LayerId verified() {
            return LayerId.ofPlain(
                    resolved.layer().digest().toString(),
                    resolved.diffIds().get(0).toString());
        }

        Image serve() {
            registry.put(resolved.reference().toString(), new BytesBlob(blob));
            return this;
        }

        int reads() {
            BytesBlob served = registry.get(resolved.reference().toString());
            return served == null ? 0 : served.reads().size();
        }
    }

    private static byte[] tar(String contents) {
        return new TarBuilder()
                .file("file", new Attributes(0644, 0, 0, 0, 0, Map.of()), contents.getBytes(StandardCharsets.UTF_8))
                .build();
    }

    /** A layer that is lazy because one image says so. */
    private LayerId lazy(Image image) throws IOException {
        LayerId id = LayerId.of(image.resolved.layer().digest().toString(), "sha256:" + "1".repeat(64));
        store.create(
                id,
                directory -> directory.writeRecord(new LayerRecord(
                        LayerRecord.MAGIC,
                        LayerRecord.VERSION,
                        "zstd:chunked",
                        LayerBuilder.descriptor(image.resolved.layer()),
                        "sha256:" + "1".repeat(64),
                        0,
                        List.of(),
                        List.of(),
                        List.of(image.resolved.reference().toString()),
                        Vouchers.image(image.resolved.manifestDigest()),
                        false,
                        List.of())));
        return id;
    }

    @Test
    void theLayerOfTheOneThatHasTheDiffIdIsRight() throws Exception {
        LayerId disputed = lazy(forged.serve());
        honest.serve();

        Verdict verdict = settle(settlements(), disputed, forged, honest);

        assertThat(verdict).isEqualTo(new Verdict.Right(honest.verified(), honest.resolved));
        assertThat(store.directory(honest.verified()).readRecord().diffId()).isEqualTo(diffId.toString());
        assertThat(forged.reads()).as("reads of what need not be looked at").isZero();
    }

    @Test
    void ifWhoComesLiesTheOneThatWasThereIsVerified() throws Exception {
        LayerId disputed = lazy(honest.serve());
        forged.serve();

        Verdict verdict = settle(settlements(), disputed, honest, forged);

        assertThat(verdict).isEqualTo(new Verdict.Right(honest.verified(), honest.resolved));
        assertThat(disproofs.contains(forged.claim())).isTrue();
        assertThat(disproofs.contains(honest.claim())).isFalse();
        assertThat(forged.reads()).as("fetched once, not once more").isEqualTo(1);
    }

    @Test
    void whatWasVerifiedBeforeIsNotFetchedAgain() throws Exception {
        LayerId disputed = lazy(forged.serve());
        honest.serve();
        settle(settlements(), disputed, forged, honest);
        int before = honest.reads();

        Verdict verdict = settle(settlements(), disputed, forged, honest);

        assertThat(verdict).isEqualTo(new Verdict.Right(honest.verified(), honest.resolved));
        assertThat(honest.reads()).isEqualTo(before);
    }

    @Test
    void ifAllLieNobodyIsRightAndTheyAreNotFetchedAgainAndAgain() throws Exception {
        Image other = new Image("other", tar("other"), diffId).serve();
        LayerId disputed = lazy(forged.serve());
        Settlements settlements = settlements();

        Verdict verdict = settle(settlements, disputed, forged, other);

        assertThat(verdict)
                .isInstanceOfSatisfying(
                        Verdict.Open.class,
                        open -> assertThat(open.reason())
                                .contains(
                                        "is forged",
                                        forged.resolved.manifestDigest().toString())
                                .contains(other.resolved.manifestDigest().toString(), diffId.toString()));
        now = now.plus(Settlements.RETRY);
        settle(settlements, disputed, forged, other);
        assertThat(forged.reads()).isEqualTo(1);
        assertThat(other.reads()).isEqualTo(1);
    }

    @Test
    void aRegistryThatIsAwayIsAskedAgainAfterAWhile() throws Exception {
        LayerId disputed = lazy(forged);
        Settlements settlements = settlements();

        assertThat(settle(settlements, disputed, forged, honest))
                .isInstanceOfSatisfying(
                        Verdict.Open.class, open -> assertThat(open.reason()).contains("nobody serves"));
        honest.serve();
        assertThat(settle(settlements, disputed, forged, honest)).isInstanceOf(Verdict.Open.class);
        now = now.plus(Settlements.RETRY);

        assertThat(settle(settlements, disputed, forged, honest)).isInstanceOf(Verdict.Right.class);
    }

    @Test
    void anImageThatComesLaterMakesItANewQuestion() throws Exception {
        LayerId disputed = lazy(forged);
        Settlements settlements = settlements();
        Image away = new Image("away", tar("away"), diffId);
        settle(settlements, disputed, forged, away);

        assertThat(settle(settlements, disputed, forged, away, honest.serve()))
                .isEqualTo(new Verdict.Right(honest.verified(), honest.resolved));
    }

    @Test
    void whatWasFoundStaysForThoseWhoAskedAndThenGoes() throws Exception {
        LayerId disputed = lazy(forged);
        Settlements settlements = settlements();
        settle(settlements, disputed, forged, honest.serve());
        assertThat(references.isUsed(honest.verified())).isTrue();

        now = now.plus(Settlements.LIFETIME);
        settlements.dropExpired();

        assertThat(references.isUsed(honest.verified())).isFalse();
    }

    @Test
    void withoutFetchingNothingCanBeFoundOut() throws Exception {
        LayerId disputed = lazy(forged.serve());

        Verdict verdict = settle(settlements(Optional.empty(), List.of()), disputed, forged, honest.serve());

        assertThat(verdict)
                .isInstanceOfSatisfying(
                        Verdict.Open.class, open -> assertThat(open.reason()).contains("plain.fetch is false"));
    }

    @Test
    void aFormatThatIsNoTarCannotBeVerified() throws Exception {
        LayerId disputed = lazy(forged.serve());
        LayerFormat noTar = new UnnamedIndexes() {
            @Override
            public boolean isTar(LayerDescriptor layer) {
                return false;
            }
        };

        // What is asked first would be fetched as a plain layer.
        disproofs.add(honest.claim());
        Verdict verdict = settle(settlements(Optional.of(plain()), List.of(noTar)), disputed, forged, honest.serve());

        assertThat(verdict)
                .isInstanceOfSatisfying(
                        Verdict.Open.class,
                        open -> assertThat(open.reason()).contains("its format cannot be verified"));
    }

    /** Two images name one blob and, outside of its descriptor, one index. */
    @Test
    void imagesThatMeanTheSameIndexAgreeOnceTheyAreAsked() throws Exception {
        EstargzBuilder.Layer layer = new EstargzBuilder()
                .file("file", "contents".getBytes(StandardCharsets.UTF_8))
                .build();
        List<Image> both = new ArrayList<>();
        for (String name : List.of("first", "second")) {
            both.add(new Image(
                            name,
                            layer.blob(),
                            diffId,
                            layer.descriptor().mediaType(),
                            layer.descriptor().annotations())
                    .serve());
        }
        LayerBuilder builder = builder(Optional.empty(), List.of(new UnnamedIndexes()));
        LayerId disputed = ((LayerBuilder.Result.Built) builder.build(both.get(0).resolved, 0)).id();
        assertThat(stored.isMeantBy(both.get(1).claim(), disputed)).isFalse();

        Verdict verdict = settle(
                settlements(Optional.empty(), List.of(new UnnamedIndexes())), disputed, both.get(0), both.get(1));

        assertThat(verdict).isEqualTo(new Verdict.Agreed());
        assertThat(store.directory(disputed).readRecord().vouchers().images())
                .containsExactly(
                        both.get(0).resolved.manifestDigest().toString(),
                        both.get(1).resolved.manifestDigest().toString());
    }

    /** eStargz whose descriptors do not name the table of contents. */
    private static class UnnamedIndexes implements LayerFormat {
        private final EstargzFormat estargz = new EstargzFormat();

        @Override
        public String name() {
            return "unnamed";
        }

        @Override
        public Optional<String> indexDigest(LayerDescriptor layer) {
            return Optional.empty();
        }

        @Override
        public Result read(LayerDescriptor layer, Blob blob, LayerImage image) throws IOException {
            return estargz.read(layer, blob, image);
        }
    }

    private Verdict settle(Settlements settlements, LayerId disputed, Image... images) throws Exception {
        List<LayerClaim> claims = Arrays.stream(images).map(Image::claim).toList();
        return settlements
                .begin("default", new Disagreement(CHAIN, claims, "images disagree", "remove one"), disputed)
                .get();
    }

    private Settlements settlements() throws IOException {
        return settlements(Optional.of(plain()), List.of());
    }

    private Settlements settlements(Optional<PlainLayers> plain, List<LayerFormat> formats) {
        LayerAgreement agreement = new LayerAgreement(
                new ImageResolver(containerd, client, List.of()), formats, stored, disproofs, Duration.ofSeconds(1));
        return new Settlements(
                builder(plain, formats),
                references,
                agreement,
                stored,
                disproofs,
                (namespace, claim) ->
                        Optional.ofNullable(images.get(claim.manifestDigest())).orElseThrow().resolved,
                executor,
                () -> now);
    }

    private LayerBuilder builder(Optional<PlainLayers> plain, List<LayerFormat> formats) {
        return new LayerBuilder(
                store,
                references,
                formats,
                (reference, layer) ->
                        Optional.<Blob>ofNullable(registry.get(reference)).orElseGet(() -> new Away(layer.size())),
                new DiskCeiling(root, new DiskUsage(Linux.load()), 0),
                plain);
    }

    private record Away(long size) implements Blob {
        @Override
        public ReadableByteChannel read(long offset, long length, Source source) throws IOException {
            throw new IOException("nobody serves it");
        }
    }

    private PlainLayers plain() throws IOException {
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
        WholeLayers whole = new WholeLayers(Linux.load(), new NoMounts(), BootId.current());
        IndexStore indexes = IndexStore.open(root.resolve("indexes"), LIMITS, 1 << 20);
        return new PlainLayers(
                store,
                references,
                indexes,
                Optional.empty(),
                Optional.empty(),
                new LayerFetch(new BlobPass(settings, executor), whole, indexes),
                executor);
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
}
