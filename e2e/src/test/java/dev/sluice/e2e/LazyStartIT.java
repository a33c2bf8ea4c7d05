package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.registry.AccessLog;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdBinaries;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Containers start from eStargz images of which only a part has been fetched, whichever way containerd pulled them. */
@ParameterizedClass(name = "{0}")
@MethodSource("dev.sluice.e2e.Machine#backends")
class LazyStartIT {

    private final String backend;
    private final TestBed bed;
    private final RegistryProcess registry;
    private final String reference;
    private final RemoteManifest manifest;

    LazyStartIT(String backend) throws IOException {
        this.backend = backend;
        bed = Machine.newTestBed();
        Path layout = Estargz.build(TestImages.PYTHON, bed.directory("i"));
        registry = bed.add(RegistryProcess.start(bed.directory("r")));
        reference = registry.address() + "/python:latest";
        ImagePublisher.push(layout, DebianImage.TAG, reference);
        manifest = RemoteManifest.fetch(reference);
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
    void pulledByAClientThatTellsWhichImageItIs() throws IOException {
        SluiceNode node = start(Machine.installedContainerd());
        AccessLog before = registry.accessLog();
        node.client().pullLazily(reference, SluiceProcess.NAME);

        assertRunsFromAPartOfTheImage(node, before);
        assertThat(Files.readString(node.sluice().log()))
                .contains("image " + reference)
                .doesNotContain("image unknown");
    }

    /** {@code ctr images pull} of containerd 1.6 names neither an image nor a chain ID to snapshotters. */
    @Test
    void pulledAsUsualForAClientThatTellsNothing() throws IOException {
        SluiceNode node = start(Machine.installedContainerd());
        node.client().pull(reference, SluiceProcess.NAME);

        String output = node.client()
                .run(reference, SluiceProcess.NAME, "hello", TestImages.PYTHON_HELLO)
                .stdout();
        String content = node.client().command("content", "ls", "--quiet").run().stdout();
        node.sluice().close();

        assertThat(output).isEqualTo("hello\n");
        assertThat(manifest.layers())
                .hasSize(2)
                .allSatisfy(layer ->
                        assertThat(content).contains(layer.path("digest").asText()));
    }

    @Test
    void pulledByTheTransferServiceOfTheNewestContainerd() throws IOException {
        SluiceNode node = start(Machine.newestContainerd());
        AccessLog before = registry.accessLog();
        node.client().pull(reference, SluiceProcess.NAME);

        assertRunsFromAPartOfTheImage(node, before);
    }

    /** Only chain IDs arrive; the image has to be found in containerd's content store, and its registry by guessing. */
    @Test
    void pulledByTheTransferServiceThatIsNotToTellWhichImageItIs() throws IOException {
        SluiceNode node = SluiceNode.start(
                bed,
                Machine.newestContainerd(),
                ContainerdConfig.PLAIN.withoutImageLabels(),
                Machine.distribution(),
                backend,
                SluiceProcess.Settings.plainHttp(List.of(registry.address())));
        AccessLog before = registry.accessLog();
        node.client().pull(reference, SluiceProcess.NAME);

        assertRunsFromAPartOfTheImage(node, before);
        assertThat(Files.readString(node.sluice().log()))
                .contains("image " + registry.address() + "/python@sha256:")
                .doesNotContain("image unknown");
    }

    @Test
    void runsAfterTheDaemonWasKilledAndStartedAgain() throws IOException {
        SluiceNode node = start(Machine.installedContainerd());
        AccessLog before = registry.accessLog();
        node.client().pullLazily(reference, SluiceProcess.NAME);
        node.sluice().kill();
        node.sluice().restart();
        node.awaitSnapshotter();

        assertRunsFromAPartOfTheImage(node, before);
    }

    private SluiceNode start(ContainerdBinaries binaries) throws IOException {
        return SluiceNode.start(bed, binaries, Machine.distribution(), backend, List.of(registry.address()));
    }

    private void assertRunsFromAPartOfTheImage(SluiceNode node, AccessLog before) throws IOException {
        ContainerdClient client = node.client();

        String output = client.run(reference, SluiceProcess.NAME, "hello", TestImages.PYTHON_HELLO)
                .stdout();
        String content = client.command("content", "ls", "--quiet").run().stdout();
        node.sluice().close();

        assertThat(output).isEqualTo("hello\n");
        AccessLog log = registry.accessLog().since(before);
        assertThat(manifest.layers()).hasSize(2).allSatisfy(layer -> {
            String digest = layer.path("digest").asText();
            assertThat(content).as("containerd's content store").doesNotContain(digest);
            assertThat(log.requests())
                    .filteredOn(request -> request.digest().equals(digest))
                    .as("requests for layer " + digest)
                    .isNotEmpty()
                    .allMatch(request -> request.status() == 206);
        });
        assertThat(log.bytes()).isLessThan(manifest.layerBytes() / 2);
    }
}
