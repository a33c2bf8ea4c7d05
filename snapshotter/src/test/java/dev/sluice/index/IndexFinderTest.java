package dev.sluice.index;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.image.ResolvedImage;
import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.Manifest;
import dev.sluice.registry.MediaTypes;
import dev.sluice.registry.RegistryClient;
import dev.sluice.registry.RegistryException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class IndexFinderTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    private final AtomicLong nanos = new AtomicLong();
    private final FakeRegistry registry = new FakeRegistry();
    private final RegistryClient client = registry.client();
    private final TestIndex image = TestIndex.of(registry, "app", Map.of());

    IndexFinderTest() throws IOException {}

    @AfterEach
    void close() {
        client.close();
        registry.close();
    }

    private IndexFinder finder(IndexPolicy policy, Map<Digest, Digest> pinned, VerificationKey... keys) {
        return new IndexFinder(client, new IndexTrust(policy, pinned, List.of(keys)), TIMEOUT, nanos::get);
    }

    /** One that accepts, under a policy, an artifact and what this key has signed. */
    private IndexFinder finder(IndexPolicy policy, Digest artifact, SigningKey key) {
        return finder(policy, Map.of(image.image().manifestDigest(), artifact), key.publicKey());
    }

    private SigningKey key() throws IOException {
        return TestKeys.signing(directory);
    }

    private static String reason(IndexSearch search) {
        assertThat(search).isInstanceOf(IndexSearch.NotFound.class);
        return ((IndexSearch.NotFound) search).reason();
    }

    private void assertFound(IndexSearch search, Digest artifact) {
        assertThat(search).isInstanceOf(IndexSearch.Found.class);
        IndexSearch.Found found = (IndexSearch.Found) search;
        assertThat(found.artifact()).isEqualTo(artifact);
        assertThat(found.layers()).containsOnlyKeys(image.layer(0), image.layer(1));
    }

    @ParameterizedTest
    @EnumSource(
            value = IndexPolicy.class,
            names = {"PINNED", "SIGNED", "SAME_REGISTRY"})
    void anArtifactOfTheImageIsFound(IndexPolicy policy) throws IOException {
        SigningKey key = key();
        Digest artifact = image.put(image.build(Optional.of(key)));
        IndexFinder finder = finder(policy, artifact, key);

        IndexSearch search = finder.find(image.image());

        assertFound(search, artifact);
        LayerIndexRef ref = ((IndexSearch.Found) search).layer(image.layer(1)).orElseThrow();
        assertThat(ref.diffId()).isEqualTo(image.image().diffIds().get(1));
        assertThat(finder.fetch(ref, TIMEOUT)).isEqualTo(TestIndex.content(1));
    }

    @Test
    void nobodyIsAskedIfIndexesAreTurnedOff() throws IOException {
        SigningKey key = key();
        Digest artifact = image.put(image.build(Optional.of(key)));

        assertThat(reason(finder(IndexPolicy.OFF, artifact, key).find(image.image())))
                .contains("turned off");
        assertThat(registry.requests).isEmpty();
    }

    @Test
    void nobodyIsAskedAboutAnImageWithoutAPin() throws IOException {
        image.put(image.build(Optional.of(key())));

        assertThat(reason(finder(IndexPolicy.PINNED, Map.of()).find(image.image())))
                .contains("no index is pinned for " + image.image().manifestDigest());
        assertThat(registry.requests).isEmpty();
    }

    @Test
    void theImageItselfMayNameItsIndex() throws IOException {
        Digest other = image.put(image.build(Optional.empty()));
        TestIndex naming = TestIndex.of(registry, "naming", Map.of(IndexArtifact.PIN, other.toString()));

        assertThat(reason(finder(IndexPolicy.PINNED, Map.of()).find(naming.image())))
                .contains("it is about " + image.image().manifestDigest());
        Digest own = naming.put(naming.build(Optional.empty()));
        assertThat(finder(IndexPolicy.PINNED, Map.of(naming.image().manifestDigest(), own))
                        .find(naming.image()))
                .isInstanceOf(IndexSearch.Found.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "sha256:", "latest", "../../x"})
    void aMalformedPinInTheImageCountsAsNone(String pin) {
        TestIndex naming = TestIndex.of(registry, "naming", Map.of(IndexArtifact.PIN, pin));

        assertThat(reason(finder(IndexPolicy.PINNED, Map.of()).find(naming.image())))
                .contains("no index is pinned");
    }

    @Test
    void aPinIsNotSatisfiedByOtherBytes() throws IOException {
        Digest pinned = image.put(image.build(Optional.empty()));
        registry.replaceManifest(pinned, image.build(Optional.of(key())).manifest());

        assertThat(reason(finder(IndexPolicy.PINNED, Map.of(image.image().manifestDigest(), pinned))
                        .find(image.image())))
                .contains("do not have the digest " + pinned);
    }

    @Test
    void anUnsignedArtifactIsNotAcceptedAsSigned() throws IOException {
        image.put(image.build(Optional.empty()));

        assertThat(reason(
                        finder(IndexPolicy.SIGNED, Map.of(), key().publicKey()).find(image.image())))
                .contains("it is not signed");
    }

    @Test
    void aSignatureOfAnUnknownKeyIsNotAccepted() throws IOException {
        SigningKey stranger = key();
        image.put(image.build(Optional.of(stranger)));

        assertThat(reason(
                        finder(IndexPolicy.SIGNED, Map.of(), key().publicKey()).find(image.image())))
                .contains(stranger.publicKey().id() + ", which is not trusted");
    }

    @Test
    void aSignatureUnderTheNameOfATrustedKeyIsNotAccepted() throws Exception {
        VerificationKey trusted = key().publicKey();
        image.put(annotated(image.build(Optional.of(key())), IndexArtifact.KEY, trusted.id()));

        assertThat(reason(finder(IndexPolicy.SIGNED, Map.of(), trusted).find(image.image())))
                .contains("does not match");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "!", "AAAA"})
    void aMalformedSignatureIsNotAccepted(String signature) throws Exception {
        SigningKey key = key();
        image.put(annotated(image.build(Optional.of(key)), IndexArtifact.SIGNATURE, signature));

        assertThat(reason(finder(IndexPolicy.SIGNED, Map.of(), key.publicKey()).find(image.image())))
                .contains("no index of " + image.image().manifestDigest() + " is acceptable");
    }

    @Test
    void aSignatureIsNotMovedToAnotherImage() throws Exception {
        SigningKey key = key();
        TestIndex older = TestIndex.of(registry, "app of last week", Map.of());
        image.put(TestIndex.withManifest(older.build(Optional.of(key)), manifest -> about(manifest, image.manifest())));

        assertThat(reason(finder(IndexPolicy.SIGNED, Map.of(), key.publicKey()).find(image.image())))
                .contains("does not match");
    }

    @Test
    void aSignatureIsNotMovedToAnotherConfig() throws Exception {
        SigningKey key = key();
        IndexArtifact.Built sound = image.build(Optional.of(key));
        byte[] altered = new String(sound.configBytes(), UTF_8)
                .replace(
                        Digest.sha256(TestIndex.content(1)).hex(),
                        Digest.sha256(TestIndex.content(0)).hex())
                .getBytes(UTF_8);
        image.put(TestIndex.withConfig(sound, altered));

        assertThat(reason(finder(IndexPolicy.SIGNED, Map.of(), key.publicKey()).find(image.image())))
                .contains("does not match");
    }

    @Test
    void aSignedArtifactIsFoundAmongForgedOnes() throws Exception {
        SigningKey key = key();
        for (int i = 0; i < 20; i++) {
            image.put(IndexArtifact.build(
                    image.manifest(),
                    image.blobs(),
                    TestIndex.CREATED.plusSeconds(1 + i),
                    i % 2 == 0 ? Optional.empty() : Optional.of(key())));
        }
        Digest artifact = image.put(image.build(Optional.of(key)));

        assertFound(finder(IndexPolicy.SIGNED, artifact, key).find(image.image()), artifact);
    }

    @Test
    void theNewestArtifactOfTheRepositoryIsTaken() throws Exception {
        Digest newest = Digest.sha256(new byte[0]);
        for (Instant created : List.of(TestIndex.CREATED, TestIndex.CREATED.plusSeconds(5), Instant.EPOCH)) {
            Digest artifact =
                    image.put(IndexArtifact.build(image.manifest(), image.blobs(), created, Optional.empty()));
            newest = created.equals(TestIndex.CREATED.plusSeconds(5)) ? artifact : newest;
        }
        image.put(annotated(image.build(Optional.empty()), IndexArtifact.CREATED, "tomorrow"));

        assertFound(finder(IndexPolicy.SAME_REGISTRY, Map.of()).find(image.image()), newest);
    }

    @Test
    void anOlderArtifactIsTakenIfTheNewestIsBroken() throws Exception {
        Digest sound = image.put(image.build(Optional.empty()));
        IndexArtifact.Built newer = IndexArtifact.build(
                image.manifest(), image.blobs(), TestIndex.CREATED.plusSeconds(1), Optional.empty());
        image.put(TestIndex.withConfig(newer, "{}".getBytes(UTF_8)));

        assertFound(finder(IndexPolicy.SAME_REGISTRY, Map.of()).find(image.image()), sound);
    }

    @Test
    void anArtifactOfAnOlderManifestIsNotOneOfThisImage() throws IOException {
        TestIndex older = TestIndex.of(registry, "app of last week", Map.of());
        older.put(older.build(Optional.empty()));

        assertThat(reason(finder(IndexPolicy.SAME_REGISTRY, Map.of()).find(image.image())))
                .contains("has no index of " + image.image().manifestDigest());
    }

    /** What is forged so that a policy alone would not notice is refused under each that gets as far as that. */
    private void refusedByAll(IndexArtifact.Built forged, SigningKey key, String reason) {
        Digest artifact = image.put(forged);
        for (IndexPolicy policy : List.of(IndexPolicy.PINNED, IndexPolicy.SIGNED, IndexPolicy.SAME_REGISTRY)) {
            assertThat(reason(finder(policy, artifact, key).find(image.image())))
                    .as("under %s", policy)
                    .contains(reason);
        }
    }

    @Test
    void anArtifactWithTheLayersOfAnotherImageIsRefused() throws Exception {
        SigningKey key = key();
        TestIndex other = TestIndex.of(registry, "other", Map.of());
        other.put(other.build(Optional.empty()));

        refusedByAll(
                IndexArtifact.build(image.manifest(), other.blobs(), TestIndex.CREATED, Optional.of(key)),
                key,
                "which the image does not have");
    }

    @Test
    void anArtifactWithOtherDiffIdsIsRefused() throws Exception {
        SigningKey key = key();
        LayerIndexBlob lying =
                new LayerIndexBlob(image.layer(0), image.image().diffIds().get(1), new byte[] {1});

        refusedByAll(
                IndexArtifact.build(image.manifest(), List.of(lying), TestIndex.CREATED, Optional.of(key)),
                key,
                "in the image that is " + image.image().diffIds().get(0));
    }

    @Test
    void aConfigAboutAnotherImageIsRefused() throws Exception {
        SigningKey key = key();
        byte[] config = TestIndex.of(registry, "other", Map.of())
                .build(Optional.empty())
                .configBytes();

        refusedByAll(signed(config, key), key, "its manifest is not");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{",
                "{\"subject\":1}",
                "{\"layers\":[]}",
                "{\"layers\":[{}]}",
                "{\"layers\":[],\"layers\":[]}",
                "{\"layers\":[{\"size\":1e3}]}",
            })
    void aConfigThatIsNoneIsRefused(String config) throws Exception {
        SigningKey key = key();

        refusedByAll(signed(config.getBytes(UTF_8), key), key, "config");
    }

    @Test
    void aTruncatedConfigIsRefused() throws Exception {
        SigningKey key = key();
        IndexArtifact.Built sound = image.build(Optional.of(key));
        byte[] half = new String(sound.configBytes(), UTF_8)
                .substring(0, sound.configBytes().length / 2)
                .getBytes(UTF_8);

        refusedByAll(signed(half, key), key, "not a well-formed JSON object");
        Digest artifact = image.put(sound);
        registry.putBlob(sound.config().digest(), half);
        assertThat(reason(finder(IndexPolicy.PINNED, artifact, key).find(image.image())))
                .contains(sound.config().digest().toString());
    }

    @Test
    void aConfigThatNamesAHugeIndexIsRefused() throws Exception {
        SigningKey key = key();
        byte[] config = new String(image.build(Optional.empty()).configBytes(), UTF_8)
                .replace("\"size\":" + TestIndex.content(0).length, "\"size\":" + (1L << 40))
                .getBytes(UTF_8);

        refusedByAll(signed(config, key), key, "bytes, more than");
    }

    @Test
    void aHugeConfigIsNotFetched() throws Exception {
        SigningKey key = key();

        refusedByAll(signed(new byte[IndexConfig.MAX_BYTES + 1], key), key, "its config has");
        assertThat(registry.requests("/blobs/")).isZero();
    }

    @Test
    void aConfigAndAManifestThatDisagreeAreRefused() throws Exception {
        SigningKey key = key();

        refusedByAll(
                TestIndex.withManifest(image.build(Optional.of(key)), manifest -> withLayers(manifest, List.of())),
                key,
                "name different indexes");
    }

    @Test
    void anArtifactOfAnotherTypeIsNotTakenForAnIndex() throws Exception {
        SigningKey key = key();
        IndexArtifact.Built foreign = TestIndex.withManifest(
                image.build(Optional.of(key)),
                manifest -> new Manifest(
                        manifest.mediaType(),
                        manifest.config(),
                        manifest.layers(),
                        manifest.annotations(),
                        manifest.subject(),
                        Optional.of("application/vnd.other")));
        Digest artifact = image.put(foreign);

        assertThat(reason(finder(IndexPolicy.PINNED, artifact, key).find(image.image())))
                .contains("an artifact of another type");
        for (IndexPolicy policy : List.of(IndexPolicy.SIGNED, IndexPolicy.SAME_REGISTRY)) {
            assertThat(reason(finder(policy, artifact, key).find(image.image())))
                    .contains("has no index of");
        }
    }

    @Test
    void anImageIsNotTakenForAnIndex() throws Exception {
        assertThat(reason(finder(IndexPolicy.PINNED, image.image().manifestDigest(), key())
                        .find(image.image())))
                .contains("an artifact of another type");
    }

    @Test
    void theIndexOfALayerMustHaveItsDigest() throws Exception {
        Digest artifact = image.put(image.build(Optional.empty()));
        IndexFinder finder = finder(IndexPolicy.PINNED, artifact, key());
        IndexSearch.Found found = (IndexSearch.Found) finder.find(image.image());
        LayerIndexRef ref = found.layer(image.layer(0)).orElseThrow();

        byte[] other = TestIndex.content(0);
        other[0]++;
        registry.putBlob(ref.index().digest(), other);
        assertThatThrownBy(() -> finder.fetch(ref, TIMEOUT))
                .isInstanceOf(RegistryException.Protocol.class)
                .hasMessageContaining("do not have this digest");
        registry.putBlob(ref.index().digest(), new byte[3]);
        assertThatThrownBy(() -> finder.fetch(ref, TIMEOUT)).isInstanceOf(RegistryException.class);
    }

    @Test
    void anIndexThatIsMissingIsTold() throws Exception {
        SigningKey key = key();
        Digest missing = Digest.sha256(new byte[] {9});

        assertThat(reason(finder(IndexPolicy.PINNED, missing, key).find(image.image())))
                .contains("404");
    }

    @Test
    void aRegistryThatIsOutOfOrderIsAReasonThatDoesNotLast() throws Exception {
        Digest artifact = image.put(image.build(Optional.empty()));
        IndexFinder finder = finder(IndexPolicy.SAME_REGISTRY, artifact, key());
        registry.failsWith = 503;

        assertThat(reason(finder.find(image.image()))).contains("503");
        registry.failsWith = 0;
        assertThat(reason(finder.find(image.image()))).contains("503");
        nanos.addAndGet(Duration.ofSeconds(6).toNanos());
        assertFound(finder.find(image.image()), artifact);
    }

    @Test
    void whatWasFoundIsNotLookedForAgainForAWhile() throws Exception {
        Digest artifact = image.put(image.build(Optional.empty()));
        IndexFinder finder = finder(IndexPolicy.SAME_REGISTRY, artifact, key());
        assertFound(finder.find(image.image()), artifact);
        int asked = registry.requests.size();

        nanos.addAndGet(Duration.ofMinutes(9).toNanos());
        assertFound(finder.find(image.image().atLayer(1)), artifact);
        assertThat(registry.requests).hasSize(asked);
        nanos.addAndGet(Duration.ofMinutes(2).toNanos());
        assertFound(finder.find(image.image()), artifact);
        assertThat(registry.requests).hasSizeGreaterThan(asked);
    }

    @Test
    void manyWhoLookForTheSameAskOnce() throws Exception {
        Digest artifact = image.put(image.build(Optional.empty()));
        IndexFinder finder = finder(IndexPolicy.SAME_REGISTRY, artifact, key());
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            Callable<IndexSearch> find = () -> finder.find(image.image());
            for (Future<IndexSearch> found : threads.invokeAll(Collections.nCopies(32, find))) {
                assertFound(found.get(), artifact);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(registry.requests("/referrers/")).isEqualTo(1);
    }

    @Test
    void aMalformedImageNeverFailsAPull() {
        Manifest bare = new Manifest(
                MediaTypes.OCI_MANIFEST,
                new Descriptor("a/b", TestIndex.digest("c"), 1),
                List.of(new Descriptor("a/b", TestIndex.digest("l"), 1)),
                Map.of(),
                Optional.empty(),
                Optional.empty());
        ResolvedImage unknown = new ResolvedImage(
                registry.image(), bare, TestIndex.digest("unknown"), 0, List.of(TestIndex.digest("d")));

        assertThat(reason(finder(IndexPolicy.SAME_REGISTRY, Map.of()).find(unknown)))
                .contains("has no index of");
    }

    private IndexArtifact.Built signed(byte[] config, SigningKey key) throws Exception {
        IndexArtifact.Built changed = TestIndex.withConfig(image.build(Optional.of(key)), config);
        byte[] signature = key.sign(IndexStatement.bytes(
                image.image().manifestDigest(), changed.config().digest()));
        return annotated(changed, IndexArtifact.SIGNATURE, Base64.getEncoder().encodeToString(signature));
    }

    private static IndexArtifact.Built annotated(IndexArtifact.Built built, String name, String value)
            throws Exception {
        return TestIndex.withManifest(built, manifest -> {
            Map<String, String> annotations = new HashMap<>(manifest.annotations());
            annotations.put(name, value);
            return new Manifest(
                    manifest.mediaType(),
                    manifest.config(),
                    manifest.layers(),
                    annotations,
                    manifest.subject(),
                    manifest.artifactType());
        });
    }

    private static Manifest about(Manifest manifest, Descriptor subject) {
        return new Manifest(
                manifest.mediaType(),
                manifest.config(),
                manifest.layers(),
                manifest.annotations(),
                Optional.of(subject),
                manifest.artifactType());
    }

    private static Manifest withLayers(Manifest manifest, List<Descriptor> layers) {
        return new Manifest(
                manifest.mediaType(),
                manifest.config(),
                new ArrayList<>(layers),
                manifest.annotations(),
                manifest.subject(),
                manifest.artifactType());
    }
}
