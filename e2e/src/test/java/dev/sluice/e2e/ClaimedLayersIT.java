package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * A malicious image has layers of its own, but its config claims the diff IDs of a popular image. containerd, which finds layers by
 * their diff IDs and verifies these only when it unpacks, must never be given the layers of the one for the other.
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
    void anImageIsRefusedWhereTheInstalledContainerdHasAForgeryOfIt() throws IOException {
        assertTheSecondIsRefused(throughTheInstalledContainerd(), malicious, MALICIOUS, popular, POPULAR);
    }

    @Test
    void aForgeryIsRefusedWhereTheInstalledContainerdHasTheImage() throws IOException {
        assertTheSecondIsRefused(throughTheInstalledContainerd(), popular, POPULAR, malicious, MALICIOUS);
    }

    @Test
    void anImageIsRefusedWhereTheNewestContainerdHasAForgeryOfIt() throws IOException {
        assertTheSecondIsRefused(throughTheNewestContainerd(), malicious, MALICIOUS, popular, POPULAR);
    }

    @Test
    void aForgeryIsRefusedWhereTheNewestContainerdHasTheImage() throws IOException {
        assertTheSecondIsRefused(throughTheNewestContainerd(), popular, POPULAR, malicious, MALICIOUS);
    }

    /** Only the key of the container's snapshot tells this containerd's namespace. */
    @Test
    void noContainerGetsAForgeryOfAnImageThatCameAnotherWay() throws IOException {
        Node node = throughTheInstalledContainerd();
        node.pull(node.client(), malicious).run();
        node.client().pull(popular, ContainerdClient.OVERLAYFS);

        assertThatThrownBy(() -> contents(node.client()))
                .hasMessageContaining("one of them is forged")
                .hasMessageContaining(popular.substring(0, popular.lastIndexOf(':')))
                .hasMessageContaining(malicious.substring(0, malicious.lastIndexOf(':')));
    }

    /** The error says what is in the way, also where the pull has left only a manifest. */
    @Test
    void anImageCanBeUsedAgainWhenTheManifestOfAForgeryIsRemoved() throws IOException {
        Node node = throughTheNewestContainerd();
        node.pull(node.client(), popular).run();
        String error = node.pull(node.client(), malicious).runForResult().stderr();
        Matcher forged =
                Pattern.compile("/attacker/app \\((sha256:[0-9a-f]{64})\\)").matcher(error);
        assertThat(forged.find()).as(error).isTrue();

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

    private void assertTheSecondIsRefused(
            Node node, String first, String firstContents, String second, String secondContents) throws IOException {
        ContainerdClient client = node.client();
        node.pull(client, first).run();
        assertThat(contents(client)).as("of the first image").isEqualTo(firstContents + firstContents);

        Command.Result pulled = node.pull(client, second).runForResult();

        if (pulled.exitCode() == 0) {
            assertThat(contents(client)).as("of the second image").isEqualTo(secondContents + secondContents);
        }
        assertThat(pulled.exitCode()).as("of the second pull").isNotZero();
        assertThat(pulled.stderr())
                .contains("one of them is forged", "remove the one")
                .contains(manifestDigest(client, first))
                .contains(second.substring(0, second.lastIndexOf(':')));
        assertThat(Files.readString(node.node().sluice().log())).contains("ERROR");

        // With the first one goes what the second one's pull has left.
        client.command("images", "rm", "--sync", first).run();
        node.pull(client, second).run();
        assertThat(contents(client)).as("of the second image alone").isEqualTo(secondContents + secondContents);
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
