package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.host.FreePort;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.host.Trees;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.runtime.DockerEngine;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.images.builder.Transferable;

/** Pulls from a registry that runs as a container, started by Testcontainers on a Docker engine of its own. */
class RegistryContainerIT {

    /** The directory of the engine's socket in DOCKER_HOST, which the build sets: Testcontainers reads only the environment. */
    private static final Path ENGINE = Path.of("/var/tmp/sluice-e2e-docker");

    private static final DebianImage REGISTRY = new DebianImage("debian-registry", List.of(List.of("docker-registry")));
    private static final String REGISTRY_REFERENCE = "localhost/debian-registry:latest";

    private final TestBed bed = Machine.newTestBed();

    RegistryContainerIT() throws IOException {}

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("dockerd", "docker", "skopeo", "umoci", "mmdebstrap", "ctr-remote");
    }

    @BeforeEach
    void startEngine() throws IOException {
        Files.createDirectories(ENGINE);
        bed.add(() -> Trees.delete(ENGINE));
        DockerEngine engine = bed.add(DockerEngine.start(ENGINE));
        engine.load(REGISTRY.build(), DebianImage.TAG, REGISTRY_REFERENCE);
    }

    @AfterEach
    void stop() throws IOException {
        bed.close();
    }

    @Test
    void aContainerStartsFromAnImageInIt() throws IOException {
        int port = FreePort.find();
        String configuration = """
                version: 0.1
                storage:
                  filesystem:
                    rootdirectory: /var/lib/docker-registry
                http:
                  addr: 127.0.0.1:%d
                """.formatted(port);
        try (GenericContainer<?> registry = new GenericContainer<>(REGISTRY_REFERENCE)) {
            registry.withNetworkMode("host")
                    .withCopyToContainer(Transferable.of(configuration), "/etc/registry.yml")
                    .withCommand("docker-registry", "serve", "/etc/registry.yml")
                    .waitingFor(Wait.forLogMessage(".*listening on.*", 1))
                    .start();
            String reference = "127.0.0.1:" + port + "/python:latest";
            ImagePublisher.push(Estargz.build(TestImages.PYTHON, bed.directory("i")), DebianImage.TAG, reference);
            SluiceNode node = SluiceNode.start(
                    bed, Machine.installedContainerd(), Machine.distribution(), "auto", List.of("127.0.0.1:" + port));

            node.client().pullLazily(reference, SluiceProcess.NAME);
            String output = node.client()
                    .run(reference, SluiceProcess.NAME, "hello", TestImages.PYTHON_HELLO)
                    .stdout();

            assertThat(output).isEqualTo("hello\n");
        }
    }
}
