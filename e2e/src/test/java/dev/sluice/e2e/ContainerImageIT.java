package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.model.AccessMode;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.Device;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.PropagationMode;
import com.github.dockerjava.api.model.SELContext;
import com.github.dockerjava.api.model.Volume;
import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.Mounts;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.host.Trees;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.registry.Shape;
import dev.sluice.e2e.registry.ShapingProxy;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.ContainerdProcess;
import dev.sluice.e2e.runtime.DockerEngine;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;

/** Sluice's container image in Docker's engine. Its mounts reach the machine, whose containerd runs containers on them. */
class ContainerImageIT {
    /** The directory of the engine's socket in DOCKER_HOST, which the build sets: Testcontainers reads only the environment. */
    private static final Path ENGINE = Path.of("/var/tmp/sluice-e2e-docker");

    private static final String SLUICE = "localhost/sluice:built";

    private final TestBed bed = Machine.newTestBed();

    ContainerImageIT() throws IOException {}

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("dockerd", "docker", "docker-registry", "skopeo", "umoci", "mmdebstrap", "ctr-remote");
    }

    @AfterEach
    void stop() throws IOException {
        bed.close();
    }

    @Test
    void theMachinesContainerdStartsALazyContainerWithSluiceInAContainer() throws IOException {
        Path layout = Machine.containerImage();
        Files.createDirectories(ENGINE);
        bed.add(() -> Trees.delete(ENGINE));
        DockerEngine engine = bed.add(DockerEngine.start(ENGINE));
        engine.load(layout, reference(layout), SLUICE);
        RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
        ImagePublisher.push(
                Estargz.build(TestImages.PYTHON, bed.directory("i")),
                DebianImage.TAG,
                registry.address() + "/python:1");
        ShapingProxy proxy = bed.add(ShapingProxy.start(registry.port(), new Shape(Duration.ZERO, 1_000_000_000)));
        String reference = proxy.address() + "/python:1";
        Path shared = shared("k");
        Path containerd = bed.directory("c");
        Files.writeString(
                shared.resolve("config.toml"), """
                root = "%1$s/root"
                address = "%1$s/s"
                admin = "%1$s/a"
                containerd = "%2$s/s"
                prefetch = false
                %3$s""".formatted(shared, containerd, SluiceProcess.Settings.PATIENT));

        try (GenericContainer<?> sluice = new GenericContainer<>(SLUICE)) {
            sluice.withNetworkMode("host")
                    .withCreateContainerCmdModifier(command -> allow(Objects.requireNonNull(command.getHostConfig()))
                            .withBinds(
                                    bind(shared, PropagationMode.RSHARED),
                                    bind(containerd, PropagationMode.DEFAULT_MODE)))
                    .withCommand(
                            "daemon", "--config", shared.resolve("config.toml").toString())
                    .waitingFor(Wait.forLogMessage(".* serves .*", 1))
                    .start();
            try (ContainerdProcess node = ContainerdProcess.start(
                    containerd,
                    Machine.installedContainerd(),
                    ContainerdConfig.PLAIN.withSnapshotter(SluiceProcess.NAME, shared.resolve("s")))) {
                node.client().pullLazily(reference, SluiceProcess.NAME);
                assertThat(node.client()
                                .run(reference, SluiceProcess.NAME, "hello", TestImages.PYTHON_HELLO)
                                .stdout())
                        .isEqualTo("hello\n");
            }
            assertThat(proxy.bytesDown()).isPositive().isLessThan(layerBytes() / 2);
        }
    }

    /** Less than all privileges will do: mounts, the keeper's files, FUSE. */
    private static HostConfig allow(HostConfig config) {
        return config.withCapAdd(Capability.SYS_ADMIN, Capability.SYS_PTRACE, Capability.DAC_READ_SEARCH)
                .withDevices(new Device("rwm", "/dev/fuse", "/dev/fuse"))
                .withSecurityOpts(List.of("seccomp=unconfined", "apparmor=unconfined"));
    }

    /** Mounts that are made in one of its views are in all of them. */
    private Path shared(String name) throws IOException {
        Path directory = bed.directory(name);
        Command.of("mount", "--bind", directory.toString(), directory.toString())
                .run();
        bed.add(() -> Mounts.unmountBelow(directory));
        Command.of("mount", "--make-shared", directory.toString()).run();
        return directory;
    }

    private static Bind bind(Path directory, PropagationMode propagation) {
        return new Bind(
                directory.toString(),
                new Volume(directory.toString()),
                AccessMode.rw,
                SELContext.DEFAULT,
                null,
                propagation);
    }

    /** The only one that the layout has. */
    private static String reference(Path layout) throws IOException {
        String index = Files.readString(layout.resolve("index.json"));
        return index.replaceFirst("(?s).*ref\\.name\"\\s*:\\s*\"([^\"]+)\".*", "$1");
    }

    /** What the registry stores. */
    private long layerBytes() throws IOException {
        try (Stream<Path> files = Files.walk(bed.directory("r"))) {
            return files.filter(file -> file.endsWith("data"))
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }
}
