package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.Forgery;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.image.TarEntry;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdBinaries;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.ContainerdProcess;
import dev.sluice.e2e.runtime.MountedView;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * A malicious image has layers of its own, but its config claims the diff IDs of a popular image. containerd, which finds layers by
 * their diff IDs and verifies these only when it unpacks, must never be given the layers of the one for the other. Whose layers have the diff
 * IDs is found out by fetching them.
 */
class ClaimedLayersIT {
    private static final String POPULAR = "popular";
    private static final String MALICIOUS = "malicious";

    private final TestBed bed;
    private final String popular;
    private final String malicious;
    private final List<String> registries;

    ClaimedLayersIT() throws IOException {
        bed = Machine.newTestBed();
        RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
        registries = List.of(registry.address());
        popular = registry.address() + "/library/app:estargz";
        malicious = registry.address() + "/attacker/app:forged";
        String honest = registry.address() + "/attacker/app:honest";
        try (ContainerdProcess ordinary =
                ContainerdProcess.start(bed.directory("o"), Machine.installedContainerd(), ContainerdConfig.PLAIN)) {
            publish(ordinary.client(), POPULAR, popular);
            publish(ordinary.client(), MALICIOUS, honest);
        }
        Forgery.push(honest, popular, malicious, bed.directory("forgery"));
    }

    private void publish(ContainerdClient ordinary, String contents, String reference) throws IOException {
        Path layout = bed.directory("i-" + contents);
        OciLayout.write(layout, "latest", List.of(layer("lower", contents), layer("upper", contents)));
        ImagePublisher.push(layout, "latest", reference + "-plain");
        Estargz.convert(ordinary, reference + "-plain", reference);
    }

    private static List<TarEntry> layer(String file, String contents) {
        return List.of(TarEntry.file(file, contents.getBytes(StandardCharsets.UTF_8)));
    }

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "ctr-remote");
    }

    @AfterEach
    void stop() throws IOException {
        bed.close();
    }

    @Test
    void theForgeryClaimsTheDiffIdsAndHasOtherLayers() throws IOException {
        RemoteManifest original = RemoteManifest.fetch(popular);
        RemoteManifest forged = RemoteManifest.fetch(malicious);

        assertThat(forged.chainId()).isEqualTo(original.chainId());
        assertThat(forged.layers()).hasSize(2).doesNotContainAnyElementsOf(original.layers());
    }

    @Test
    void anImageGetsItsOwnLayersWhereTheInstalledContainerdHasAForgeryOfIt() throws IOException {
        assertBothGetThePopularLayers(throughTheInstalledContainerd(), malicious, MALICIOUS, popular);
    }

    @Test
    void aForgeryGetsTheLayersThatItClaimsWhereTheInstalledContainerdHasTheImage() throws IOException {
        assertBothGetThePopularLayers(throughTheInstalledContainerd(), popular, POPULAR, malicious);
    }

    @Test
    void anImageGetsItsOwnLayersWhereTheNewestContainerdHasAForgeryOfIt() throws IOException {
        assertBothGetThePopularLayers(throughTheNewestContainerd(), malicious, MALICIOUS, popular);
    }

    @Test
    void aForgeryGetsTheLayersThatItClaimsWhereTheNewestContainerdHasTheImage() throws IOException {
        assertBothGetThePopularLayers(throughTheNewestContainerd(), popular, POPULAR, malicious);
    }

    /** Only the key of the container's snapshot tells this containerd's namespace. */
    @Test
    void noContainerGetsAForgeryOfAnImageThatCameAnotherWay() throws IOException {
        Node node = throughTheInstalledContainerd();
        node.pull(node.client(), malicious).run();
        node.client().pull(popular, ContainerdClient.OVERLAYFS);

        // What waits for the network is not waited for while containerd holds its lock.
        await().atMost(Duration.ofMinutes(1))
                .ignoreExceptionsMatching(e -> String.valueOf(e.getMessage()).contains("try again"))
                .untilAsserted(() -> assertThat(contents(node.client())).isEqualTo(POPULAR + POPULAR));
    }

    /** The error says what is in the way, also where the pull has left only a manifest. */
    @Test
    void whereNothingIsFetchedInFullAnImageCanBeUsedAgainWhenTheManifestOfAForgeryIsRemoved() throws IOException {
        Node node = new Node(
                SluiceNode.start(
                        bed,
                        Machine.newestContainerd(),
                        ContainerdConfig.PLAIN,
                        Machine.distribution(),
                        "auto",
                        SluiceProcess.Settings.plainHttp(registries) + "[plain]\nfetch = false\n"),
                (client, reference) -> client.command(
                        "images", "pull", "--plain-http", "--snapshotter", SluiceProcess.NAME, reference));
        node.pull(node.client(), popular).run();
        Command.Result refused = node.pull(node.client(), malicious).runForResult();
        String error = refused.stderr();
        Matcher forged =
                Pattern.compile("/attacker/app \\((sha256:[0-9a-f]{64})\\)").matcher(error);
        assertThat(refused.exitCode()).as("of the second pull").isNotZero();
        assertThat(error)
                .contains("one of them is forged", "plain.fetch is false", "remove the one")
                .contains(manifestDigest(node.client(), popular));
        assertThat(forged.find()).as(error).isTrue();
        assertThat(Files.readString(node.node().sluice().log())).contains("ERROR");

        // A collection of containerd may have been faster.
        node.client().command("content", "rm", forged.group(1)).runForResult();

        assertThat(contents(node.client())).isEqualTo(POPULAR + POPULAR);
    }

    /** Unpacking verifies the diff IDs. */
    @Test
    void aForgeryOfAnImageThatIsThereIsNotEvenLazy() throws IOException {
        Node node = throughTheNewestContainerd();
        node.client().pull(popular, ContainerdClient.OVERLAYFS);

        Command.Result pulled = node.pull(node.client(), malicious).runForResult();

        assertThat(pulled.exitCode()).isNotZero();
        assertThat(pulled.stderr()).contains("diff");
        node.pull(node.client(), popular).run();
        assertThat(contents(node.client())).isEqualTo(POPULAR + POPULAR);
    }

    @Test
    void namespacesOfTheInstalledContainerdSeeTheirOwnImages() throws IOException {
        assertNamespacesSeeTheirOwn(throughTheInstalledContainerd());
    }

    @Test
    void namespacesOfTheNewestContainerdSeeTheirOwnImages() throws IOException {
        assertNamespacesSeeTheirOwn(throughTheNewestContainerd());
    }

    private void assertBothGetThePopularLayers(Node node, String first, String firstContents, String second)
            throws IOException {
        ContainerdClient client = node.client();
        node.pull(client, first).run();
        assertThat(contents(client)).as("of the first image").isEqualTo(firstContents + firstContents);

        node.pull(client, second).run();

        assertThat(contents(client)).as("of both images").isEqualTo(POPULAR + POPULAR);
        String log = Files.readString(node.node().sluice().log());
        assertThat(log).contains("is settled", RemoteManifest.fetch(popular).chainId());
        if (second.equals(malicious)) {
            assertThat(log)
                    .contains("is forged: its layer")
                    .contains(malicious.substring(0, malicious.lastIndexOf(':')));
        }
        node.node().sluice().kill();
        node.node().sluice().restart();
        node.node().awaitSnapshotter();
        assertThat(contents(client)).as("after a restart").isEqualTo(POPULAR + POPULAR);
    }

    private void assertNamespacesSeeTheirOwn(Node node) throws IOException {
        ContainerdClient attacked = node.client().inNamespace("attacked");
        ContainerdClient attacker = node.client().inNamespace("attacker");

        node.pull(attacker, malicious).run();
        node.pull(attacked, popular).run();

        assertThat(contents(attacked)).isEqualTo(POPULAR + POPULAR);
        assertThat(contents(attacker)).isEqualTo(MALICIOUS + MALICIOUS);
    }

    private static String manifestDigest(ContainerdClient client, String reference) throws IOException {
        return client.command("images", "ls", "name==" + reference)
                .run()
                .stdout()
                .lines()
                .filter(line -> line.startsWith(reference))
                .map(line -> line.split(" +", -1)[2])
                .findFirst()
                .orElseThrow();
    }

    /** What a container of the image would see. */
    private String contents(ContainerdClient client) throws IOException {
        String chainId = RemoteManifest.fetch(popular).chainId();
        try (MountedView view = client.view(SluiceProcess.NAME, chainId, bed.directory("v"))) {
            return Files.readString(view.target().resolve("lower"))
                    + Files.readString(view.target().resolve("upper"));
        }
    }

    private Node throughTheInstalledContainerd() throws IOException {
        return new Node(
                start(Machine.installedContainerd()),
                (client, reference) -> client.remoteCommand(
                        "images", "rpull", "--plain-http", "--snapshotter", SluiceProcess.NAME, reference));
    }

    private Node throughTheNewestContainerd() throws IOException {
        return new Node(
                start(Machine.newestContainerd()),
                (client, reference) -> client.command(
                        "images", "pull", "--plain-http", "--snapshotter", SluiceProcess.NAME, reference));
    }

    private SluiceNode start(ContainerdBinaries binaries) throws IOException {
        return SluiceNode.start(bed, binaries, Machine.distribution(), "auto", registries);
    }

    private interface Puller {
        Command pull(ContainerdClient client, String reference);
    }

    private record Node(SluiceNode node, Puller puller) {
        ContainerdClient client() {
            return node.client();
        }

        Command pull(ContainerdClient client, String reference) {
            return puller.pull(client, reference);
        }
    }
}
