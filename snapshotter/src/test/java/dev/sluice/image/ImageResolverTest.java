package dev.sluice.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.containerd.ContainerdClient;
import dev.sluice.containerd.ContainerdException;
import dev.sluice.containerd.PrivateContainerd;
import dev.sluice.registry.CredentialSource;
import dev.sluice.registry.Digest;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.Manifest;
import dev.sluice.registry.MediaTypes;
import dev.sluice.registry.Platform;
import dev.sluice.registry.RegistryClient;
import dev.sluice.registry.RegistryException;
import dev.sluice.registry.RegistryOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Against a real containerd and a real registry. Each test has a namespace of its own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ImageResolverTest {
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final String CRI = "containerd.io/snapshot/cri.";

    private PrivateRegistry registry;
    private PrivateContainerd containerd;
    private ContainerdClient client;
    private RegistryClient registryClient;
    private ImageResolver resolver;
    private RecordingSnapshotter snapshotter;

    @BeforeAll
    void start(@TempDir Path directory) throws IOException {
        Path socket = directory.resolve("r.sock");
        containerd = PrivateContainerd.in(
                directory, "[proxy_plugins.recording]", "  type = \"snapshot\"", "  address = \"" + socket + "\"");
        registry = PrivateRegistry.start(directory);
        client = new ContainerdClient(containerd.socket());
        registryClient = new RegistryClient(RegistryOptions.defaults(), CredentialSource.anonymous());
        resolver = resolver(List.of(registry.host()));
        snapshotter = new RecordingSnapshotter(
                socket, (namespace, labels, chainId) -> resolver.resolve(namespace, labels, chainId, LONG));
        containerd.start();
    }

    @AfterAll
    void stop() throws InterruptedException {
        if (snapshotter != null) {
            containerd.close();
            snapshotter.close();
            client.close();
            registryClient.close();
            registry.close();
        }
    }

    @Test
    void labelsOfCriNameTheImage(TestInfo test) throws Exception {
        TestImage image = image(test, 3);
        ImageReference reference = image.push(registry, "cri/app", "v1");
        for (int layer = 0; layer < 3; layer++) {
            ResolvedImage found = only(resolve(test, cri(reference, image, layer), image.chainId(layer)));
            assertThat(found.reference()).isEqualTo(reference);
            assertThat(found.manifestDigest()).isEqualTo(image.manifestDigest());
            assertThat(found.manifest()).isEqualTo(Manifest.parse(image.manifest(), MediaTypes.OCI_MANIFEST));
            assertThat(found.layerIndex()).isEqualTo(layer);
            assertThat(found.layer().digest()).isEqualTo(image.layerDigest(layer));
            assertThat(found.diffIds()).isEqualTo(image.diffIds());
            assertThat(found.chainId()).hasToString(image.chainId(layer));
        }
    }

    @Test
    void manifestAndConfigAreTakenFromContainerdIfItHasThem(TestInfo test) throws Exception {
        TestImage image = image(test, 2);
        ImageReference pushed = image.push(registry, "store/app", "v1");
        fetch(test, pushed);
        // A registry that nobody could ask.
        ImageReference unreachable = ImageReference.parse("127.0.0.1:" + PrivateRegistry.freePort() + "/store/app:v1");
        assertThat(only(resolve(test, cri(unreachable, image, 1), image.chainId(1)))
                        .reference())
                .isEqualTo(unreachable);
    }

    @Test
    void anImageThatNobodyHasIsAnError(TestInfo test) throws Exception {
        TestImage image = image(test, 1);
        ImageReference reference = ImageReference.parse(registry.host() + "/no/such:image");
        assertThatThrownBy(() -> resolve(test, cri(reference, image, 0), image.chainId(0)))
                .isInstanceOf(RegistryException.NotFound.class);
    }

    @Test
    void labelsWhoseImageLacksTheChainIdAreNotBelieved(TestInfo test) throws Exception {
        TestImage image = image(test, 1);
        ImageReference reference = image.push(registry, "liar/app", "v1");
        String another = Digest.sha256(new byte[] {7}).toString();
        assertThat(reason(resolve(test, cri(reference, image, 0), another)))
                .isEqualTo(reference + " (" + image.manifestDigest() + ") has no layer with chain ID " + another);
    }

    @Test
    void labelsThatCallTheLayerByAnotherDigestAreNotBelieved(TestInfo test) throws Exception {
        TestImage image = image(test, 2);
        ImageReference reference = image.push(registry, "swap/app", "v1");
        Map<String, String> labels = cri(reference, image, 1);
        assertThat(reason(resolve(test, labels, image.chainId(0))))
                .isEqualTo("the snapshot's labels call the layer " + image.layerDigest(1) + ", but in " + reference
                        + " it is " + image.layerDigest(0));
    }

    @Test
    void aConfigWithAnotherNumberOfLayersIsRefused(TestInfo test) throws Exception {
        byte[] tar = TestImage.tar("only-one");
        TestImage image = TestImage.of(List.of(tar), List.of(Digest.sha256(tar), Digest.sha256(tar)));
        ImageReference reference = image.push(registry, "odd/app", "v1");
        assertThatThrownBy(() -> resolve(test, cri(reference, image, 0), image.chainId(0)))
                .isInstanceOf(InvalidImageException.class)
                .hasMessageContaining("has 1 layers, its config 2");
    }

    @Test
    void labelsOfCtrRemoteNameTheImageButNotItsManifest(TestInfo test) throws Exception {
        TestImage image = image(test, 2);
        ImageReference reference = image.pushIndex(registry, "stargz/app", "v1");
        Map<String, String> labels = Map.of(
                "containerd.io/snapshot/remote/stargz.reference", reference.toString(),
                "containerd.io/snapshot/remote/stargz.digest",
                        image.layerDigest(1).toString());
        ResolvedImage fromRegistry = only(resolve(test, labels, image.chainId(1)));
        assertThat(fromRegistry.manifestDigest()).isEqualTo(image.manifestDigest());
        assertThat(fromRegistry.reference()).isEqualTo(reference);

        fetch(test, reference);
        // The tag has moved on; containerd still pulls what it began with.
        image(test, "moved", 1).push(registry, "stargz/app", "v1");
        ImageResolver fresh = resolver(List.of());
        assertThat(only(fresh.resolve(namespace(test), labels, image.chainId(1), LONG))
                        .manifestDigest())
                .isEqualTo(image.manifestDigest());
    }

    @Test
    void withoutLabelsTheContentStoreIsSearchedAndTheRegistryAsked(TestInfo test) throws Exception {
        TestImage image = image(test, 3);
        ImageReference reference = image.push(registry, "bare/app", "v1");
        fetch(test, reference);
        for (int layer = 0; layer < 3; layer++) {
            ResolvedImage found = only(resolve(test, Map.of(), image.chainId(layer)));
            assertThat(found.reference().name()).isEqualTo(reference.name());
            assertThat(found.manifestDigest()).isEqualTo(image.manifestDigest());
            assertThat(found.layerIndex()).isEqualTo(layer);
        }
    }

    @Test
    void thePortComesFromTheConfiguration(TestInfo test) throws Exception {
        TestImage image = image(test, 1);
        fetchWithoutName(test, image, image.push(registry, "port/app", "v1"));
        assertThat(only(resolve(test, Map.of(), image.chainId(0))).reference().name())
                .isEqualTo(registry.host() + "/port/app");
        String withoutPort = "127.0.0.1/port/app";
        assertThat(reason(resolver(List.of("elsewhere:5000"))
                        .resolve(namespace(test), Map.of(), image.chainId(0), Duration.ofSeconds(5))))
                .startsWith("no registry is known to have an image with chain ID " + image.chainId(0))
                .contains(withoutPort);
    }

    @Test
    void thePortComesFromNamesOfOtherImages(TestInfo test) throws Exception {
        TestImage image = image(test, 1);
        fetchWithoutName(test, image, image.push(registry, "unnamed/app", "v1"));
        fetch(test, image(test, "other", 1).push(registry, "other/app", "v1"));
        assertThat(only(resolver(List.of()).resolve(namespace(test), Map.of(), image.chainId(0), LONG))
                        .reference()
                        .name())
                .isEqualTo(registry.host() + "/unnamed/app");
    }

    @Test
    void theRepositoryThatStillHasTheManifestIsFound(TestInfo test) throws Exception {
        TestImage image = image(test, 1);
        fetchWithoutName(test, image, image.push(registry, "kept/app", "v1"));
        containerd.ctr(
                namespace(test),
                "content",
                "label",
                image.manifestDigest().toString(),
                "containerd.io/distribution.source.127.0.0.1=gone/app,NOT a repository,,kept/app");
        assertThat(only(resolve(test, Map.of(), image.chainId(0))).reference().name())
                .isEqualTo(registry.host() + "/kept/app");
    }

    @Test
    void anImageOfUnknownOriginIsNotFound(TestInfo test) throws Exception {
        TestImage image = image(test, 1);
        fetchWithoutName(test, image, image.push(registry, "lost/app", "v1"));
        containerd.ctr(
                namespace(test),
                "content",
                "label",
                image.manifestDigest().toString(),
                "containerd.io/distribution.source.127.0.0.1=");
        assertThat(reason(resolve(test, Map.of(), image.chainId(0))))
                .isEqualTo("no registry is known to have an image with chain ID " + image.chainId(0)
                        + ": nothing tells where " + image.manifestDigest() + " came from");
    }

    @Test
    void allImagesWithTheChainIdAreFoundTheNewestFirst(TestInfo test) throws Exception {
        TestImage older = TestImage.withFiles(List.of(namespace(test), "older"));
        TestImage newer = TestImage.withFiles(List.of(namespace(test), "newer"));
        TestImage unrelated = image(test, 1);
        fetch(test, older.push(registry, "share/older", "v1"));
        fetch(test, unrelated.push(registry, "share/unrelated", "v1"));
        fetch(test, newer.push(registry, "share/newer", "v1"));

        assertThat(((Resolution.Found) resolve(test, Map.of(), older.chainId(0))).candidates())
                .extracting(ResolvedImage::manifestDigest)
                .containsExactly(newer.manifestDigest(), older.manifestDigest());
        assertThat(only(resolve(test, Map.of(), older.chainId(1))).manifestDigest())
                .isEqualTo(older.manifestDigest());
        // Pulled again, the older one is the one that is being pulled now.
        fetch(test, older.push(registry, "share/older", "v1"));
        assertThat(((Resolution.Found) resolve(test, Map.of(), older.chainId(0))).candidates())
                .extracting(ResolvedImage::manifestDigest)
                .containsExactly(older.manifestDigest(), newer.manifestDigest());
    }

    @Test
    void artifactsThatAreNoImagesDoNotDisturb(TestInfo test) throws Exception {
        TestImage image = image(test, 1);
        fetch(test, image.push(registry, "artifact/app", "v1"));
        TestImage odd = TestImage.of(List.of(TestImage.tar("x")), List.of());
        fetch(test, odd.push(registry, "artifact/odd", "v1"));
        assertThat(only(resolve(test, Map.of(), image.chainId(0))).manifestDigest())
                .isEqualTo(image.manifestDigest());
    }

    @Test
    void anUnknownChainIdIsNotFound(TestInfo test) throws Exception {
        String unknown = Digest.sha256(new byte[] {8}).toString();
        assertThat(reason(resolve(test, Map.of(), unknown)))
                .isEqualTo("no image in namespace " + namespace(test) + " has chain ID " + unknown);
        assertThat(reason(resolve(test, Map.of(), "not a chain ID")))
                .startsWith("the snapshot's chain ID is malformed: ");
    }

    @Test
    void imagesOfAnotherNamespaceAreNotFound(TestInfo test) throws Exception {
        TestImage image = image(test, 1);
        fetch(test, image.push(registry, "other-namespace/app", "v1"));
        only(resolve(test, Map.of(), image.chainId(0)));
        assertThat(resolver.resolve("another", Map.of(), image.chainId(0), LONG))
                .isInstanceOf(Resolution.NotFound.class);
    }

    @Test
    void aRegistryThatStaysSilentEndsTheSearchInTime(TestInfo test) throws Exception {
        TestImage image = image(test, 1);
        fetchWithoutName(test, image, image.push(registry, "silent/app", "v1"));
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            ImageResolver asking = resolver(List.of("127.0.0.1:" + silent.getLocalPort()));
            assertThat(asking.resolve(namespace(test), Map.of(), image.chainId(0), Duration.ofSeconds(1)))
                    .isInstanceOf(Resolution.NotFound.class);
            ImageReference reference = ImageReference.parse("127.0.0.1:" + silent.getLocalPort() + "/x/y:z");
            Map<String, String> labels = Map.of(CRI + "image-ref", reference.toString());
            String unknown = Digest.sha256(new byte[] {9}).toString();
            assertThatThrownBy(() -> asking.resolve(namespace(test), labels, unknown, Duration.ofMillis(300)))
                    .isInstanceOf(RegistryException.Unavailable.class);
        }
    }

    @Test
    void withoutContainerdTheRegistryIsEnoughForLabels(TestInfo test) throws Exception {
        TestImage image = image(test, 1);
        ImageReference reference = image.push(registry, "alone/app", "v1");
        try (ContainerdClient nobody = new ContainerdClient(Path.of("/nonexistent/containerd.sock"))) {
            ImageResolver alone = new ImageResolver(nobody, registryClient, List.of());
            only(alone.resolve(namespace(test), cri(reference, image, 0), image.chainId(0), LONG));
            assertThatThrownBy(() -> alone.resolve(namespace(test), Map.of(), image.chainId(0), LONG))
                    .isInstanceOf(ContainerdException.class);
        }
    }

    @Test
    void ourChainIdsAreThoseOfContainerd(TestInfo test) throws Exception {
        TestImage image = image(test, 3);
        ImageReference reference = image.push(registry, "native/app", "v1");
        containerd.ctr(
                namespace(test), "images", "pull", "--plain-http", "--snapshotter", "native", reference.toString());
        String snapshots = containerd.ctr(namespace(test), "snapshots", "--snapshotter", "native", "ls");
        assertThat(snapshots).contains(image.chainId(0), image.chainId(1), image.chainId(2));
    }

    @Test
    void theFirstPrepareOfAPullWithoutLabelsIsResolved(TestInfo test) throws Exception {
        TestImage image = image(test, 2);
        ImageReference reference = image.push(registry, "pull/app", "v1");
        PrivateContainerd.run(
                "",
                List.of(
                        "ctr",
                        "-a",
                        containerd.socket().toString(),
                        "-n",
                        namespace(test),
                        "images",
                        "pull",
                        "--plain-http",
                        "--snapshotter",
                        "recording",
                        reference.toString()));
        RecordingSnapshotter.Prepared prepared = snapshotter.next();
        assertThat(prepared.namespace()).isEqualTo(namespace(test));
        assertThat(ImageClaim.of(prepared.labels())).isEmpty();
        assertThat(only(prepared.resolution()).reference().name()).isEqualTo(reference.name());
    }

    @Test
    void theFirstPrepareOfAPullByCtrRemoteIsResolved(TestInfo test) throws Exception {
        PrivateContainerd.assumeInstalled("ctr-remote");
        TestImage image = image(test, 2);
        ImageReference reference = image.push(registry, "rpull/app", "v1");
        PrivateContainerd.run(
                "",
                List.of(
                        "ctr-remote",
                        "-a",
                        containerd.socket().toString(),
                        "-n",
                        namespace(test),
                        "images",
                        "rpull",
                        "--plain-http",
                        "--snapshotter",
                        "recording",
                        reference.toString()));
        RecordingSnapshotter.Prepared prepared = snapshotter.next();
        assertThat(prepared.namespace()).isEqualTo(namespace(test));
        assertThat(prepared.labels()).containsEntry("containerd.io/snapshot.ref", image.chainId(0));
        assertThat(ImageClaim.of(prepared.labels()))
                .contains(new ImageClaim(reference, Optional.empty(), Optional.of(image.layerDigest(0))));
        ResolvedImage found = only(prepared.resolution());
        assertThat(found.reference()).isEqualTo(reference);
        assertThat(found.manifestDigest()).isEqualTo(image.manifestDigest());
    }

    @Test
    void aReferenceIsResolvedWithoutContainerd(TestInfo test) throws Exception {
        TestImage image = image(test, 2);
        ImageReference reference = image.pushIndex(registry, "direct/app", "v1");
        Platform here = Platform.linuxHere();
        ResolvedImage byTag = resolver.resolveReference(reference, here);
        assertThat(byTag.manifestDigest()).isEqualTo(image.manifestDigest());
        assertThat(byTag.diffIds()).isEqualTo(image.diffIds());
        assertThat(byTag.layerIndex()).isEqualTo(1);
        assertThat(byTag.atLayer(0).layer().digest()).isEqualTo(image.layerDigest(0));

        ImageReference byDigest = reference.withDigest(image.manifestDigest());
        assertThat(resolver.resolveReference(byDigest, here).manifest()).isEqualTo(byTag.manifest());
        assertThatThrownBy(() -> resolver.resolveReference(reference, new Platform("linux", "s390x")))
                .isInstanceOf(RegistryException.NotFound.class);
        assertThatThrownBy(() -> resolver.resolveReference(reference.withTag("no-such"), here))
                .isInstanceOf(RegistryException.NotFound.class);
    }

    private ImageResolver resolver(List<String> hosts) {
        return new ImageResolver(client, registryClient, hosts);
    }

    private Resolution resolve(TestInfo test, Map<String, String> labels, String chainId) throws IOException {
        return resolver.resolve(namespace(test), labels, chainId, LONG);
    }

    private void fetch(TestInfo test, ImageReference reference) throws IOException {
        containerd.ctr(namespace(test), "content", "fetch", "--plain-http", reference.toString());
    }

    /** As it is while a client pulls: the content is there, the image's name is not yet. */
    private void fetchWithoutName(TestInfo test, TestImage image, ImageReference reference) throws IOException {
        fetch(test, reference);
        containerd.ctr(namespace(test), "images", "rm", reference.toString());
        assertThat(containerd.ctr(namespace(test), "content", "ls", "-q"))
                .contains(image.manifestDigest().toString());
    }

    private static Map<String, String> cri(ImageReference reference, TestImage image, int layer) {
        Map<String, String> labels = new HashMap<>();
        labels.put(CRI + "image-ref", reference.toString());
        labels.put(CRI + "manifest-digest", image.manifestDigest().toString());
        labels.put(CRI + "layer-digest", image.layerDigest(layer).toString());
        labels.put("containerd.io/snapshot.ref", image.chainId(layer));
        return labels;
    }

    private static TestImage image(TestInfo test, int layers) {
        return image(test, "image", layers);
    }

    private static TestImage image(TestInfo test, String name, int layers) {
        return TestImage.withLayers(name + "-of-" + namespace(test), layers);
    }

    private static String namespace(TestInfo test) {
        return test.getTestMethod().orElseThrow().getName();
    }

    private static ResolvedImage only(Resolution resolution) {
        assertThat(resolution).isInstanceOf(Resolution.Found.class);
        List<ResolvedImage> candidates = ((Resolution.Found) resolution).candidates();
        assertThat(candidates).hasSize(1);
        return candidates.get(0);
    }

    private static String reason(Resolution resolution) {
        assertThat(resolution).isInstanceOf(Resolution.NotFound.class);
        return ((Resolution.NotFound) resolution).reason();
    }
}
