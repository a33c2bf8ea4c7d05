package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.e2e.host.Mounts;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Estargz;
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
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What layers take of the disk: nothing that is not needed, and not more than allowed. */
class LifeCycleIT {
    private static final Duration SOON = Duration.ofMinutes(2);

    private final TestBed bed;
    private final RegistryProcess registry;
    private final String reference;

    LifeCycleIT() throws IOException {
        bed = Machine.newTestBed();
        Path layout = Estargz.build(TestImages.PYTHON, bed.directory("i"));
        registry = bed.add(RegistryProcess.start(bed.directory("r")));
        reference = registry.address() + "/python:latest";
        ImagePublisher.push(layout, DebianImage.TAG, reference);
    }

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "umoci", "mmdebstrap", "ctr-remote");
    }

    @AfterEach
    void stop() throws IOException {
        bed.close();
    }

    @Test
    void nothingStaysOfAnImageThatTheInstalledContainerdRemoved() throws IOException {
        SluiceNode node = start(Machine.installedContainerd());
        node.client().pullLazily(reference, SluiceProcess.NAME);

        assertLeavesNothing(node);
    }

    @Test
    void nothingStaysOfAnImageThatTheNewestContainerdRemoved() throws IOException {
        SluiceNode node = start(Machine.newestContainerd());
        node.client().pull(reference, SluiceProcess.NAME);

        assertLeavesNothing(node);
    }

    private void assertLeavesNothing(SluiceNode node) throws IOException {
        node.client().run(reference, SluiceProcess.NAME, "hello", TestImages.PYTHON_HELLO);
        assertThat(names("layers")).hasSize(2);
        assertThat(Mounts.below(root().resolve("m"))).isNotEmpty();

        node.client().command("images", "rm", "--sync", reference).run();

        await().atMost(SOON).untilAsserted(() -> {
            assertThat(names("layers")).isEmpty();
            assertThat(names("snapshots")).isEmpty();
            assertThat(Mounts.below(root().resolve("m"))).isEmpty();
        });
    }

    @Test
    void whatACrashLeftIsDeletedAtTheNextStartAndWhatIsInUseStays() throws IOException {
        SluiceNode node = start(Machine.installedContainerd());
        node.client().pullLazily(reference, SluiceProcess.NAME);
        List<String> layers = names("layers");
        node.sluice().kill();
        List<String> deadMounts = Mounts.below(root().resolve("m"));
        Files.createDirectories(root().resolve("snapshots/999/fs/half/made"));
        Files.createDirectories(root().resolve("layers/" + "0".repeat(64)));

        node.sluice().restart();

        await().atMost(SOON).untilAsserted(() -> {
            assertThat(names("snapshots")).doesNotContain("999");
            assertThat(names("layers")).isEqualTo(layers);
        });
        assertThat(deadMounts).isNotEmpty();
        assertThat(Mounts.below(root().resolve("m"))).doesNotContainAnyElementsOf(deadMounts);
        await().atMost(SOON).until(() -> list(node.client()) == 0);
        assertThat(node.client()
                        .run(reference, SluiceProcess.NAME, "hello", TestImages.PYTHON_HELLO)
                        .stdout())
                .isEqualTo("hello\n");
    }

    @Test
    void aLayerThatIsDamagedStopsNoOther() throws IOException {
        SluiceNode node = start(Machine.installedContainerd());
        node.client().pullLazily(reference, SluiceProcess.NAME);
        List<String> intact = names("layers");
        String small = pullSmallImage(node);
        String damaged = names("layers").stream()
                .filter(layer -> !intact.contains(layer))
                .findFirst()
                .orElseThrow();
        node.sluice().kill();
        // Who writes into a data file with a mark waits for a daemon, as readers do.
        node.sluice().endKeeper();
        try (Stream<Path> files = Files.list(root().resolve("layers").resolve(damaged))) {
            for (Path file : files.toList()) {
                Files.writeString(file, "damaged");
            }
        }

        node.sluice().restart();
        node.awaitSnapshotter();

        assertThat(node.client()
                        .run(reference, SluiceProcess.NAME, "hello", TestImages.PYTHON_HELLO)
                        .stdout())
                .isEqualTo("hello\n");
        assertThat(node.client()
                        .runCommand(small, SluiceProcess.NAME, "small", List.of("/file"))
                        .runForResult()
                        .exitCode())
                .isNotZero();
        assertThat(Files.readString(node.sluice().log())).contains(damaged);

        // Once it is removed, it can be had again.
        node.client().command("images", "rm", "--sync", small).run();
        await().atMost(SOON).untilAsserted(() -> assertThat(names("layers")).doesNotContain(damaged));
        node.client().pullLazily(small, SluiceProcess.NAME);
        String chainId = RemoteManifest.fetch(small).chainId();
        try (MountedView view = node.client().view(SluiceProcess.NAME, chainId, bed.directory("view"))) {
            assertThat(view.target().resolve("file")).hasContent("contents");
        }
    }

    private String pullSmallImage(SluiceNode node) throws IOException {
        Path layout = bed.directory("small");
        OciLayout.write(
                layout, "latest", List.of(List.of(TarEntry.file("file", "contents".getBytes(StandardCharsets.UTF_8)))));
        String plain = registry.address() + "/small:plain";
        String small = registry.address() + "/small:estargz";
        ImagePublisher.push(layout, "latest", plain);
        Estargz.convert(node.client(), plain, small);
        node.client().pullLazily(small, SluiceProcess.NAME);
        return small;
    }

    @Test
    void aboveTheCeilingLayersArePulledAsUsual() throws IOException {
        Path containerdDirectory = bed.directory().resolve("c");
        SluiceProcess.Settings settings = new SluiceProcess.Settings(
                Machine.distribution(),
                bed.directory().resolve("s"),
                containerdDirectory.resolve("s"),
                "auto",
                "max_disk = \"1B\"\n" + SluiceProcess.Settings.plainHttp(List.of(registry.address())));
        SluiceProcess sluice = bed.add(SluiceProcess.start(settings));
        ContainerdClient client = bed.add(ContainerdProcess.start(
                        containerdDirectory,
                        Machine.installedContainerd(),
                        ContainerdConfig.PLAIN.withSnapshotter(SluiceProcess.NAME, settings.socket())))
                .client();

        client.pullLazily(reference, SluiceProcess.NAME);

        assertThat(client.run(reference, SluiceProcess.NAME, "hello", TestImages.PYTHON_HELLO)
                        .stdout())
                .isEqualTo("hello\n");
        assertThat(names("layers")).isEmpty();
        String content = client.command("content", "ls", "--quiet").run().stdout();
        assertThat(RemoteManifest.fetch(reference).layers())
                .hasSize(2)
                .allSatisfy(layer ->
                        assertThat(content).contains(layer.path("digest").asText()));
        assertThat(Files.readString(sluice.log()))
                .containsPattern("Layer is pulled as usual: .*, image " + reference + ": .* max_disk is 0.0 MiB");
    }

    private SluiceNode start(ContainerdBinaries binaries) throws IOException {
        return SluiceNode.start(bed, binaries, Machine.distribution(), "auto", List.of(registry.address()));
    }

    /** containerd's connection to a plugin that went away comes back after a pause of some seconds. */
    private static int list(ContainerdClient client) throws IOException {
        return client.command("snapshots", "--snapshotter", SluiceProcess.NAME, "ls")
                .runForResult()
                .exitCode();
    }

    private Path root() {
        return bed.directory().resolve("s/root");
    }

    /** What lies in a directory of the daemon. */
    private List<String> names(String directory) throws IOException {
        try (Stream<Path> entries = Files.list(root().resolve(directory))) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        }
    }
}
