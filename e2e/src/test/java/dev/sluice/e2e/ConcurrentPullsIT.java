package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.registry.AccessLog;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdBinaries;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Clients that pull one image at the same time, in one namespace of containerd and in several, all get it, and lazily. */
class ConcurrentPullsIT {
    private static final List<String> NAMESPACES = List.of("one", "two", "three");
    private static final int CLIENTS_PER_NAMESPACE = 2;

    private final TestBed bed;
    private final RegistryProcess registry;
    private final String reference;

    ConcurrentPullsIT() throws IOException {
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
    void throughTheInstalledContainerd() throws Exception {
        ContainerdClient client = start(Machine.installedContainerd());

        assertAllGetIt(
                client,
                namespace -> client.remoteCommand(
                        "--namespace",
                        namespace,
                        "images",
                        "rpull",
                        "--plain-http",
                        "--snapshotter",
                        SluiceProcess.NAME,
                        reference));
    }

    @Test
    void throughTheNewestContainerd() throws Exception {
        ContainerdClient client = start(Machine.newestContainerd());

        assertAllGetIt(
                client,
                namespace -> client.command(
                        "--namespace",
                        namespace,
                        "images",
                        "pull",
                        "--plain-http",
                        "--snapshotter",
                        SluiceProcess.NAME,
                        reference));
    }

    private interface Pull {
        Command in(String namespace);
    }

    private void assertAllGetIt(ContainerdClient client, Pull pull) throws Exception {
        AccessLog before = registry.accessLog();
        List<Callable<Command.Result>> pulls = new ArrayList<>();
        for (String namespace : NAMESPACES) {
            pulls.addAll(Collections.nCopies(
                    CLIENTS_PER_NAMESPACE, () -> pull.in(namespace).run()));
        }
        ExecutorService clients = Executors.newFixedThreadPool(pulls.size());
        try {
            for (Future<Command.Result> pulled : clients.invokeAll(pulls)) {
                pulled.get();
            }
        } finally {
            clients.shutdown();
        }

        for (String namespace : NAMESPACES) {
            String output = client.command(
                            "--namespace",
                            namespace,
                            "run",
                            "--rm",
                            "--snapshotter",
                            SluiceProcess.NAME,
                            reference,
                            "hello")
                    .withArguments(TestImages.PYTHON_HELLO)
                    .run()
                    .stdout();
            assertThat(output).as(namespace).isEqualTo("hello\n");
        }
        assertThat(names("layers")).as("layers, shared by all").hasSize(2);
        assertThat(registry.accessLog().since(before).bytes())
                .isLessThan(RemoteManifest.fetch(reference).layerBytes() / 2);

        for (String namespace : NAMESPACES) {
            assertThat(names("layers"))
                    .as("layers that " + namespace + " still has")
                    .hasSize(2);
            client.command("--namespace", namespace, "images", "rm", "--sync", reference)
                    .run();
        }
        await().atMost(Duration.ofMinutes(2))
                .untilAsserted(() -> assertThat(names("layers")).isEmpty());
    }

    private ContainerdClient start(ContainerdBinaries binaries) throws IOException {
        return SluiceNode.start(bed, binaries, Machine.distribution(), "auto", List.of(registry.address()))
                .client();
    }

    private List<String> names(String directory) throws IOException {
        try (Stream<Path> entries = Files.list(bed.directory().resolve("s/root").resolve(directory))) {
            return entries.map(entry -> entry.getFileName().toString()).toList();
        }
    }
}
