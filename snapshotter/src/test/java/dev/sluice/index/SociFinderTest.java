package dev.sluice.index;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.Manifest;
import dev.sluice.registry.MediaTypes;
import dev.sluice.registry.RegistryClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The SOCI index of an image is found where the policy allows it to be. */
class SociFinderTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final byte[] ZTOC = "ztoc".getBytes(UTF_8);
    private static final byte[] PREFETCH = "prefetch".getBytes(UTF_8);

    private final FakeRegistry registry = new FakeRegistry();
    private final RegistryClient client = registry.client();
    private final TestIndex image = TestIndex.of(registry, "app", Map.of());

    SociFinderTest() throws IOException {}

    @AfterEach
    void close() {
        client.close();
        registry.close();
    }

    private SociFinder finder(IndexPolicy policy, Map<Digest, Digest> pinned) {
        return new SociFinder(client, new IndexTrust(policy, pinned, List.of()), TIMEOUT, System::nanoTime);
    }

    /** An index of the image's first layer. */
    private Digest put(String type, Optional<Descriptor> subject, Descriptor... more) {
        registry.putBlob(Digest.sha256(ZTOC), ZTOC);
        registry.putBlob(Digest.sha256(PREFETCH), PREFETCH);
        List<Descriptor> layers = new ArrayList<>(
                List.of(about(0, SociArtifact.ZTOC_TYPE, ZTOC), about(0, SociArtifact.PREFETCH_TYPE, PREFETCH)));
        layers.addAll(List.of(more));
        return registry.putManifest(new Manifest(
                        MediaTypes.OCI_MANIFEST,
                        new Descriptor(type, TestIndex.digest("{}"), 2),
                        layers,
                        Map.of(),
                        subject,
                        Optional.empty())
                .toJson());
    }

    private Descriptor about(int layer, String type, byte[] content) {
        return new Descriptor(type, Digest.sha256(content), content.length)
                .withAnnotations(
                        Map.of(SociArtifact.LAYER_DIGEST, image.layer(layer).toString()));
    }

    private TestIndex naming(String pin) {
        return TestIndex.of(registry, "app", Map.of(SociArtifact.PIN, pin));
    }

    private static String reason(IndexSearch search) {
        assertThat(search).isInstanceOf(IndexSearch.NotFound.class);
        return ((IndexSearch.NotFound) search).reason();
    }

    private void assertFound(IndexSearch search, Digest artifact, IndexSearch.Voucher voucher) {
        assertThat(search).isInstanceOf(IndexSearch.FoundSoci.class);
        IndexSearch.FoundSoci found = (IndexSearch.FoundSoci) search;
        assertThat(found.artifact()).isEqualTo(artifact);
        assertThat(found.voucher()).isEqualTo(voucher);
        assertThat(found.layers()).containsOnlyKeys(image.layer(0));
    }

    @Test
    void theImageMayNameIt() throws IOException {
        Digest artifact = put(SociArtifact.TYPE_V2, Optional.empty());
        TestIndex naming = naming(artifact.toString());
        for (IndexPolicy policy : List.of(IndexPolicy.PINNED, IndexPolicy.SAME_REGISTRY)) {
            SociFinder finder = finder(policy, Map.of());
            IndexSearch search = finder.find(naming.image());
            assertFound(search, artifact, IndexSearch.Voucher.IMAGE);
            SociLayerRef ref =
                    requireNonNull(((IndexSearch.FoundSoci) search).layers().get(image.layer(0)));
            assertThat(finder.ztoc(ref, 100, TIMEOUT)).isEqualTo(ZTOC);
            assertThat(finder.prefetch(ref, TIMEOUT)).contains(PREFETCH);
        }
    }

    @Test
    void ourConfigurationMayNameIt() {
        Digest artifact = put(SociArtifact.TYPE_V1, Optional.of(image.manifest()));
        Map<Digest, Digest> pinned = Map.of(image.image().manifestDigest(), artifact);

        assertFound(
                finder(IndexPolicy.PINNED, pinned).find(image.image()), artifact, IndexSearch.Voucher.CONFIGURATION);
    }

    @Test
    void whatOurConfigurationNamesGoesBeforeWhatTheImageNames() {
        TestIndex naming = naming(put(SociArtifact.TYPE_V2, Optional.empty()).toString());
        Map<Digest, Digest> pinned = Map.of(naming.image().manifestDigest(), TestIndex.digest("missing"));

        assertThat(reason(finder(IndexPolicy.PINNED, pinned).find(naming.image())))
                .contains("cannot be used");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "sha256:", "latest", "../../x"})
    void aMalformedNameInTheImageCountsAsNone(String pin) {
        assertThat(reason(finder(IndexPolicy.PINNED, Map.of()).find(naming(pin).image())))
                .contains("no SOCI index is pinned");
    }

    @Test
    void nobodySignsIt() {
        TestIndex naming = naming(put(SociArtifact.TYPE_V2, Optional.empty()).toString());
        registry.requests.clear();

        assertThat(reason(finder(IndexPolicy.SIGNED, Map.of()).find(naming.image())))
                .contains("not signed");
        assertThat(reason(finder(IndexPolicy.OFF, Map.of()).find(naming.image())))
                .contains("turned off");
        assertThat(registry.requests).isEmpty();
    }

    @Test
    void oneThatIsAboutAnotherImageOrNoneIsRefused() {
        Descriptor other = new Descriptor(MediaTypes.OCI_MANIFEST, TestIndex.digest("other"), 3);
        assertThat(reasonPinned(put(SociArtifact.TYPE_V1, Optional.of(other)))).contains("it is about");
        assertThat(reasonPinned(put(SociArtifact.TYPE_V2, Optional.of(other)))).contains("it is about");
        assertThat(reasonPinned(put(SociArtifact.TYPE_V1, Optional.empty()))).contains("no subject");
        assertThat(reasonPinned(put("application/json", Optional.empty()))).contains("no SOCI index");
        assertThat(reasonPinned(
                        put(SociArtifact.TYPE_V2, Optional.empty(), about(0, SociArtifact.ZTOC_TYPE, PREFETCH))))
                .contains("two blobs");
        assertThat(reasonPinned(put(
                        SociArtifact.TYPE_V2,
                        Optional.empty(),
                        about(0, SociArtifact.ZTOC_TYPE, ZTOC)
                                .withAnnotations(Map.of(SociArtifact.LAYER_DIGEST, "latest")))))
                .contains("no digest");
    }

    private String reasonPinned(Digest artifact) {
        return reason(finder(IndexPolicy.PINNED, Map.of(image.image().manifestDigest(), artifact))
                .find(image.image()));
    }

    @Test
    void anImageMayHaveOneLayerTwice() {
        Digest artifact = put(SociArtifact.TYPE_V2, Optional.empty(), about(0, SociArtifact.ZTOC_TYPE, ZTOC));

        assertFound(
                finder(IndexPolicy.PINNED, Map.of())
                        .find(naming(artifact.toString()).image()),
                artifact,
                IndexSearch.Voucher.IMAGE);
    }
}
