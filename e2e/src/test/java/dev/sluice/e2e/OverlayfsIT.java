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
import dev.sluice.e2e.runtime.ContainerdProcess;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The harness itself: without Sluice everything works in the ordinary way. */
class OverlayfsIT {

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("containerd", "docker-registry", "skopeo", "umoci", "mmdebstrap", "ctr-remote");
    }

    @Test
    void theInstalledContainerdFetchesEachLayerOnceAndRunsTheImage() throws IOException {
        pullAndRun(Machine.installedContainerd());
    }

    @Test
    void theNewestContainerdFetchesEachLayerOnceAndRunsTheImage() throws IOException {
        pullAndRun(Machine.newestContainerd());
    }

    private static void pullAndRun(ContainerdBinaries binaries) throws IOException {
        try (TestBed bed = Machine.newTestBed()) {
            Path layout = Estargz.build(TestImages.PYTHON, bed.directory("i"));
            RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
            String reference = registry.address() + "/python:latest";
            ImagePublisher.push(layout, DebianImage.TAG, reference);
            RemoteManifest manifest = RemoteManifest.fetch(reference);
            AccessLog before = registry.accessLog();
            ContainerdClient client = bed.add(
                            ContainerdProcess.start(bed.directory("c"), binaries, ContainerdConfig.PLAIN))
                    .client();

            client.pull(reference, ContainerdClient.OVERLAYFS);
            String output = client.run(reference, ContainerdClient.OVERLAYFS, "hello", TestImages.PYTHON_HELLO)
                    .stdout();

            assertThat(output).isEqualTo("hello\n");
            AccessLog log = registry.accessLog().since(before);
            assertThat(manifest.layers()).hasSize(2).allSatisfy(layer -> {
                String digest = layer.path("digest").asText();
                assertThat(log.bytesByDigest())
                        .containsEntry(digest, layer.path("size").asLong());
                assertThat(log.requestsByDigest()).containsEntry(digest, 1L);
            });
        }
    }
}
