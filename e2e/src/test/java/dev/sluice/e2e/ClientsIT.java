package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.PlatformIndex;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.registry.AccessLog;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ClientProgram;
import dev.sluice.e2e.runtime.ContainerdBinaries;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.CriClient;
import dev.sluice.e2e.runtime.ImageStoreEngine;
import dev.sluice.e2e.runtime.NerdctlClient;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Every client of containerd starts a container from a part of an image for two platforms, and removes the image without leaving
 * anything. What needs whole layers fails or fetches them.
 */
class ClientsIT {

    private static final String DEFAULT_NAMESPACE = "default";
    /** What is fetched depends on what is read alone, not on how fast this machine is. */
    private static final String FRUGAL = "prefetch = false\n";

    private static final String SHORT_REACH = "[fill]\nread_ahead_max = \"64KiB\"\n";

    private static final String MARK = "echo marked > /mark";
    private static final List<String> READ_MARK = List.of("cat", "/mark");

    private final TestBed bed = Machine.newTestBed();
    private final RegistryProcess registry;
    private final String repository;
    /** An index. */
    private final String image;

    private final RemoteManifest manifest;

    ClientsIT() throws IOException {
        Path layout = Estargz.build(TestImages.PYTHON, bed.directory("i"));
        registry = bed.add(RegistryProcess.start(bed.directory("r")));
        repository = registry.address() + "/python";
        image = repository + ":latest";
        ImagePublisher.push(layout, DebianImage.TAG, repository + ":amd64");
        // Nobody here can run the other one: it only has to be there.
        ImagePublisher.push(layout, DebianImage.TAG, repository + ":arm64");
        PlatformIndex.publish(repository, "latest", Map.of("amd64", "amd64", "arm64", "arm64"));
        manifest = RemoteManifest.fetch(repository + ":amd64");
    }

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "docker", "runc", "skopeo", "umoci", "mmdebstrap", "ctr-remote");
    }

    @AfterEach
    void stop() throws IOException {
        bed.close();
    }

    @Test
    void ctrOfContainerd2PullsLazily() throws IOException {
        SluiceNode node = start(Machine.newestContainerd(), ContainerdConfig.PLAIN);
        AccessLog before = registry.accessLog();
        node.client().pull(image, SluiceProcess.NAME);

        assertThat(node.client()
                        .run(image, SluiceProcess.NAME, "hello", TestImages.PYTHON_HELLO)
                        .stdout())
                .isEqualTo("hello\n");
        assertNoLayerIn(node, DEFAULT_NAMESPACE);
        node.client().command("images", "rm", "--sync", image).run();
        assertOnlyAPartWasFetched(node, DEFAULT_NAMESPACE, before);
    }

    /** It sends no word about images to a snapshotter of this name. */
    @Test
    void nerdctl1PullsLazilyFromContainerd1() throws IOException {
        Path program = Machine.client(ClientProgram.NERDCTL1);
        nerdctlPullsLazily(program, Machine.installedContainerd());
    }

    @Test
    void nerdctl2PullsLazilyFromContainerd2() throws IOException {
        Path program = Machine.client(ClientProgram.NERDCTL2);
        nerdctlPullsLazily(program, Machine.newestContainerd());
    }

    @Test
    void aKubeletPullsLazilyFromContainerd1() throws IOException {
        Path program = Machine.client(ClientProgram.CRI);
        kubeletPullsLazily(program, Machine.installedContainerd());
    }

    @Test
    void aKubeletPullsLazilyFromContainerd2() throws IOException {
        Path program = Machine.client(ClientProgram.CRI);
        kubeletPullsLazily(program, Machine.newestContainerd());
    }

    @Test
    void dockersEnginePullsLazilyIntoItsContainerdImageStore() throws IOException {
        SluiceNode node = start(Machine.newestContainerd(), ContainerdConfig.PLAIN);
        ImageStoreEngine docker = engine(node);
        AccessLog before = registry.accessLog();
        docker.command("pull", "--quiet", image).run();

        assertThat(docker.runCommand("--rm", image)
                        .withArguments(TestImages.PYTHON_HELLO)
                        .run()
                        .stdout())
                .isEqualTo("hello\n");
        assertNoLayerIn(node, ImageStoreEngine.NAMESPACE);
        docker.command("rmi", image).run();
        assertOnlyAPartWasFetched(node, ImageStoreEngine.NAMESPACE, before);
    }

    /** What it saves lacks the layers, without a word: such an archive can be loaded nowhere else. */
    @Test
    void dockersEngineCommitsBuildsAndPushesOnTopOfALazyImageButSavesItWithoutLayers() throws IOException {
        SluiceNode node = start(Machine.newestContainerd(), ContainerdConfig.PLAIN);
        ImageStoreEngine docker = engine(node);
        String committed = repository + ":committed";
        docker.command("pull", "--quiet", image).run();

        Path archive = bed.directory().resolve("saved.tar");
        docker.command("save", "--output", archive.toString(), image).run();
        assertThat(layersIn(archive)).isZero();

        docker.runCommand("--name", "marking", image, "sh", "-c", MARK).run();
        docker.command("commit", "marking", committed).run();
        assertThat(docker.runCommand("--rm", committed)
                        .withArguments(READ_MARK)
                        .run()
                        .stdout())
                .isEqualTo("marked\n");
        docker.command("push", committed).run();
        assertThat(digestsOf(committed)).hasSize(3).containsAll(digests());
        assertNoLayerIn(node, ImageStoreEngine.NAMESPACE);

        Path context = bed.directory("context");
        Files.writeString(context.resolve("Dockerfile"), "FROM " + image + "\nRUN " + MARK + "\n");
        docker.command("build", "--network", "host", "--tag", "built", context.toString())
                .with("DOCKER_BUILDKIT", "1")
                .run();
        assertThat(docker.runCommand("--rm", "built")
                        .withArguments(READ_MARK)
                        .run()
                        .stdout())
                .isEqualTo("marked\n");
    }

    @Test
    void nerdctl1CommitsWithoutTheBlobsAndPushesWithThem() throws IOException {
        Path program = Machine.client(ClientProgram.NERDCTL1);
        SluiceNode node = start(Machine.installedContainerd(), ContainerdConfig.PLAIN);
        NerdctlClient nerdctl = nerdctl(program, node);
        nerdctl.pull(image);

        String committed = commit(nerdctl);
        assertNoLayerIn(node, DEFAULT_NAMESPACE);
        assertThat(nerdctl.command("push", committed).runForResult()).satisfies(ClientsIT::lacksABlob);

        node.client().command("content", "fetch", "--plain-http", image).run();

        nerdctl.command("push", committed).run();
        assertThat(digestsOf(committed)).hasSize(3).containsAll(digests());
    }

    /** It fetches what is missing before it does anything that might need it. */
    @Test
    void nerdctl2CommitsPushesAndSavesAndFetchesTheBlobsForIt() throws IOException {
        Path program = Machine.client(ClientProgram.NERDCTL2);
        SluiceNode node = start(Machine.newestContainerd(), ContainerdConfig.PLAIN);
        NerdctlClient nerdctl = nerdctl(program, node);
        nerdctl.pull(image);
        assertNoLayerIn(node, DEFAULT_NAMESPACE);

        Path archive = bed.directory().resolve("saved.tar");
        nerdctl.command("save", "--output", archive.toString(), image).run();
        assertThat(layersIn(archive)).isEqualTo(manifest.layers().size());

        String committed = commit(nerdctl);
        nerdctl.command("push", committed).run();
        assertThat(digestsOf(committed)).hasSize(3).containsAll(digests());
    }

    @Test
    void exportAndPushToAnotherRegistryNeedTheBlobsThatContainerd1Lacks() throws IOException {
        SluiceNode node = start(Machine.installedContainerd(), ContainerdConfig.PLAIN);
        node.client().pullLazily(image, SluiceProcess.NAME);

        assertBlobsAreNeeded(node);
    }

    @Test
    void exportAndPushToAnotherRegistryNeedTheBlobsThatContainerd2Lacks() throws IOException {
        SluiceNode node = start(Machine.newestContainerd(), ContainerdConfig.PLAIN);
        node.client().pull(image, SluiceProcess.NAME);

        assertBlobsAreNeeded(node);
    }

    private void nerdctlPullsLazily(Path program, ContainerdBinaries binaries) throws IOException {
        SluiceNode node = start(binaries, ContainerdConfig.PLAIN);
        NerdctlClient nerdctl = nerdctl(program, node);
        AccessLog before = registry.accessLog();
        nerdctl.pull(image);

        assertThat(nerdctl.run(image, TestImages.PYTHON_HELLO).stdout()).isEqualTo("hello\n");
        assertNoLayerIn(node, DEFAULT_NAMESPACE);
        nerdctl.remove(image);
        assertOnlyAPartWasFetched(node, DEFAULT_NAMESPACE, before);
    }

    /** Makes an image of a changed container and runs it. */
    private String commit(NerdctlClient nerdctl) throws IOException {
        String committed = repository + ":committed";
        nerdctl.command("run", "--name", "marking", "--net", "host", image, "sh", "-c", MARK)
                .run();
        nerdctl.command("commit", "marking", committed).run();
        assertThat(nerdctl.run(committed, READ_MARK).stdout()).isEqualTo("marked\n");
        return committed;
    }

    private NerdctlClient nerdctl(Path program, SluiceNode node) throws IOException {
        return new NerdctlClient(program, node.containerd().socket(), bed.directory("n"));
    }

    private void kubeletPullsLazily(Path program, ContainerdBinaries binaries) throws IOException {
        String sandbox = registry.address() + "/pause:1";
        CriClient.publishSandbox(program, bed.directory("p"), sandbox);
        SluiceNode node = start(binaries, ContainerdConfig.PLAIN.withCri(sandbox));
        CriClient kubelet = new CriClient(program, node.containerd().socket());
        AccessLog before = registry.accessLog();
        kubelet.pull(image);

        assertThat(kubelet.run(image, TestImages.PYTHON_HELLO).stdout()).isEqualTo("hello\n");
        assertNoLayerIn(node, CriClient.NAMESPACE);
        kubelet.remove(image);
        kubelet.remove(sandbox);
        assertOnlyAPartWasFetched(node, CriClient.NAMESPACE, before);
    }

    private void assertBlobsAreNeeded(SluiceNode node) throws IOException {
        ContainerdClient client = node.client();
        RegistryProcess other = bed.add(RegistryProcess.start(bed.directory("o")));
        String copy = other.address() + "/copy:1";
        Path archive = bed.directory().resolve("exported.tar");
        Command export = client.command("images", "export", "--platform", "linux/amd64", archive.toString(), image);
        Command push = client.command("images", "push", "--plain-http", "--platform", "linux/amd64", copy);
        client.command("images", "tag", image, copy).run();

        assertThat(export.runForResult()).satisfies(ClientsIT::lacksABlob);
        assertThat(push.runForResult()).satisfies(ClientsIT::lacksABlob);
        assertNoLayerIn(node, DEFAULT_NAMESPACE);

        client.command("content", "fetch", "--plain-http", "--platform", "linux/amd64", image)
                .run();

        export.run();
        push.run();
        assertThat(layersIn(archive)).isEqualTo(manifest.layers().size());
        assertThat(other.accessLog().requests()).isEmpty();
    }

    private static void lacksABlob(Command.Result result) {
        assertThat(result.exitCode()).isNotZero();
        assertThat(result.stderr()).containsPattern("sha256:[0-9a-f]{64}.*not found");
    }

    private long layersIn(Path archive) throws IOException {
        String names =
                Command.of("tar", "--list", "--file", archive.toString()).run().stdout();
        return digests().stream()
                .filter(digest -> names.contains(digest.substring("sha256:".length())))
                .count();
    }

    private SluiceNode start(ContainerdBinaries binaries, ContainerdConfig config) throws IOException {
        return SluiceNode.start(
                bed,
                binaries,
                config,
                Machine.distribution(),
                "auto",
                FRUGAL + SluiceProcess.Settings.plainHttp(List.of(registry.address())) + SHORT_REACH);
    }

    private ImageStoreEngine engine(SluiceNode node) throws IOException {
        Path dockerd = Machine.client(ClientProgram.DOCKERD);
        Path runc = Machine.client(ClientProgram.RUNC);
        return bed.add(ImageStoreEngine.start(
                bed.directory("d"), dockerd, runc, node.containerd().socket()));
    }

    private List<String> digests() {
        return digests(manifest);
    }

    private static List<String> digestsOf(String reference) throws IOException {
        return digests(RemoteManifest.fetch(reference));
    }

    private static List<String> digests(RemoteManifest manifest) {
        return manifest.layers().stream()
                .map(layer -> layer.path("digest").asText())
                .toList();
    }

    private void assertNoLayerIn(SluiceNode node, String namespace) throws IOException {
        assertThat(node.client().content(namespace))
                .as("containerd's content store")
                .isNotEmpty()
                .doesNotContainAnyElementsOf(digests());
    }

    /** What was fetched of each layer, all in all, when the image has been removed and no snapshot is left of it. */
    private void assertOnlyAPartWasFetched(SluiceNode node, String namespace, AccessLog before) throws IOException {
        await().atMost(Duration.ofMinutes(2))
                .untilAsserted(() -> assertThat(node.client().snapshots(namespace, SluiceProcess.NAME))
                        .isEmpty());
        node.sluice().close();
        AccessLog log = registry.accessLog().since(before);
        assertThat(manifest.layers())
                .hasSize(2)
                .allSatisfy(layer -> assertThat(
                                log.bytesByDigest().get(layer.path("digest").asText()))
                        .as("bytes of layer " + layer)
                        .isPositive()
                        .isLessThan(layer.path("size").asLong()));
        assertThat(log.bytes()).isLessThan(manifest.layerBytes() / 2);
    }
}
