package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.Mounts;
import dev.sluice.e2e.host.PageCache;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.image.TortureImage;
import dev.sluice.e2e.registry.AccessLog;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.ContainerdProcess;
import dev.sluice.e2e.runtime.MountedView;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import dev.sluice.e2e.tree.TreeDigest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Layers are mounted on loop devices where the kernel mounts no regular files, such as Debian 12's own: in a machine with that kernel
 * (e2e/vm) the daemon finds out by itself, elsewhere it is told so.
 */
class LoopDevicesIT {
    private final TestBed bed;
    private final RegistryProcess registry;

    LoopDevicesIT() throws IOException {
        bed = Machine.newTestBed();
        registry = bed.add(RegistryProcess.start(bed.directory("r")));
    }

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumeLoopDevices();
        Machine.assumePrograms("docker-registry", "skopeo", "umoci", "mmdebstrap", "ctr-remote");
    }

    @AfterEach
    void stop() throws IOException {
        bed.close();
    }

    @Test
    void aContainerRunsFromAPartOfItsImageAndLeavesNoDevices() throws IOException {
        String reference = registry.address() + "/python:latest";
        ImagePublisher.push(Estargz.build(TestImages.PYTHON, bed.directory("i")), DebianImage.TAG, reference);
        RemoteManifest manifest = RemoteManifest.fetch(reference);
        SluiceNode node = start();
        ContainerdClient client = node.client();
        AccessLog before = registry.accessLog();

        client.pullLazily(reference, SluiceProcess.NAME);
        String output = client.run(reference, SluiceProcess.NAME, "hello", TestImages.PYTHON_HELLO)
                .stdout();

        assertThat(output).isEqualTo("hello\n");
        assertThat(Files.readString(node.sluice().log())).contains(LayersOnLoopDevices.reason());
        List<String> layers = LayersOnLoopDevices.layers(root(node));
        assertThat(layers).hasSize(manifest.layers().size());
        for (String layer : layers) {
            assertThat(LayersOnLoopDevices.of(List.of(layer)))
                    .as("metadata image and data device of a layer")
                    .hasSize(2);
        }
        assertOnlyRangesWereFetched(client, manifest, registry.accessLog().since(before));

        client.command("images", "rm", "--sync", reference).run();
        LayersOnLoopDevices.awaitNone(layers);
        assertThat(Mounts.below(root(node).resolve("m"))).isEmpty();
    }

    private static void assertOnlyRangesWereFetched(ContainerdClient client, RemoteManifest manifest, AccessLog log)
            throws IOException {
        List<String> digests = manifest.layers().stream()
                .map(layer -> layer.path("digest").asText())
                .toList();
        assertThat(client.content("default")).isNotEmpty().doesNotContainAnyElementsOf(digests);
        assertThat(log.requests())
                .filteredOn(request -> digests.contains(request.digest()))
                .isNotEmpty()
                .allMatch(request -> request.status() == 206);
        assertThat(log.bytes()).isPositive().isLessThan(manifest.layerBytes() / 2);
        System.out.printf(
                "fetched %d of %d bytes in %d requests%n",
                log.bytes(), manifest.layerBytes(), log.requests().size());
    }

    @Test
    void theTreeIsThatOfOverlayfsAndACompleteOneNeedsNoDaemon() throws IOException {
        String plain = registry.address() + "/torture:latest";
        String estargz = registry.address() + "/torture:estargz";
        Path layout = bed.directory("image");
        OciLayout.write(layout, "latest", TortureImage.smallLayers());
        ImagePublisher.push(layout, "latest", plain);
        ContainerdClient ordinary = bed.add(ContainerdProcess.start(
                        bed.directory("o"), Machine.installedContainerd(), ContainerdConfig.PLAIN))
                .client();
        Estargz.convert(ordinary, plain, estargz);
        SluiceNode node = start();

        Unpacking unpacking = Unpacking.beginning(bed.directory());
        TreeDigest unpacked = ImageTrees.unpacked(ordinary, plain, bed.directory("mp"));
        TreeDigest lazy = ImageTrees.lazy(node, registry, estargz, bed.directory("ml"));

        assertThat(unpacked.paths()).hasSizeGreaterThan(400);
        assertThat(unpacking.differences(unpacked, lazy)).isEmpty();

        // The next daemon mounts on the data files themselves what the first one has completed.
        node.sluice().restart();
        node.awaitSnapshotter();
        Path target = bed.directory("mc");
        try (MountedView view = node.client()
                .view(SluiceProcess.NAME, RemoteManifest.fetch(estargz).chainId(), target)) {
            node.sluice().kill();
            PageCache.drop();
            assertThat(TreeDigest.of(view.target()).differencesTo(lazy)).isEmpty();
            node.sluice().restart();
            node.awaitSnapshotter();
        }
    }

    @Test
    void doctorFindsNothingWrong() throws IOException {
        SluiceNode node = start();
        Command doctor = Command.of(
                Machine.distribution().resolve("bin/sluice").toString(),
                "doctor",
                "--root",
                root(node).toString());

        String findings = doctor.runForResult().stdout();

        String way = LayersOnLoopDevices.kernelMountsRegularFiles() ? "regular files" : "loop devices";
        assertThat(findings.lines().map(String::strip))
                .anyMatch(line ->
                        line.startsWith("ok") && line.contains("EROFS") && line.contains("is mounted on " + way))
                .anyMatch(line -> line.startsWith("ok") && line.contains("EROFS on " + way))
                .anyMatch(line -> line.startsWith("ok")
                        && line.contains("on " + way + ", reading from a short device fails as it should"));
    }

    private SluiceNode start() throws IOException {
        return SluiceNode.start(
                bed,
                Machine.installedContainerd(),
                ContainerdConfig.PLAIN,
                Machine.distribution(),
                "fuse",
                "keeper = \"none\"\n" + SluiceProcess.Settings.plainHttp(List.of(registry.address()))
                        + LayersOnLoopDevices.settings());
    }

    private static Path root(SluiceNode node) {
        return node.sluice().settings().root();
    }
}
