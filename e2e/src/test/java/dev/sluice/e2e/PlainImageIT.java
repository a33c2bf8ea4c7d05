package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.ServiceProcess;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.image.TortureImage;
import dev.sluice.e2e.registry.AccessLog;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.registry.Shape;
import dev.sluice.e2e.registry.ShapingProxy;
import dev.sluice.e2e.runtime.ContainerdBinaries;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Images of tar+gzip, which nobody has prepared: fetched as a whole by Sluice once, lazy from then on. */
class PlainImageIT {
    private static final Shape SLOW = new Shape(Duration.ofMillis(20), 4_000_000);

    private final TestBed bed;
    private final RegistryProcess registry;
    private final String reference;
    /** The same image behind a link that makes a pull take several seconds. */
    private final String slow;

    private final RemoteManifest manifest;

    PlainImageIT() throws IOException {
        bed = Machine.newTestBed();
        registry = bed.add(RegistryProcess.start(bed.directory("r")));
        reference = registry.address() + "/python:plain";
        ImagePublisher.push(TestImages.PYTHON.build(), DebianImage.TAG, reference);
        manifest = RemoteManifest.fetch(reference);
        ShapingProxy proxy = bed.add(ShapingProxy.start(registry.port(), SLOW));
        slow = proxy.address() + "/python:plain";
    }

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "umoci", "mmdebstrap");
    }

    @AfterEach
    void stop() throws IOException {
        bed.close();
    }

    @Test
    void theFirstPullIsBySluiceAndTheSecondIsLazy() throws Exception {
        SluiceNode node = start(Machine.newestContainerd());
        AccessLog before = registry.accessLog();
        node.client().pull(reference, SluiceProcess.NAME);
        assertThat(hello(node, reference)).isEqualTo("hello\n");
        AccessLog first = registry.accessLog().since(before);
        String content = node.client().command("content", "ls", "--quiet").run().stdout();
        assertThat(manifest.layers())
                .isNotEmpty()
                .allSatisfy(layer -> assertThat(content)
                        .as("containerd's content store")
                        .doesNotContain(layer.path("digest").asText()));
        assertThat(first.bytes()).isGreaterThanOrEqualTo(manifest.layerBytes());

        node.client().command("images", "rm", "--sync", reference).run();
        await().atMost(Duration.ofMinutes(2)).until(() -> layers(node).isEmpty());
        AccessLog between = registry.accessLog();
        node.client().pull(reference, SluiceProcess.NAME);
        assertThat(hello(node, reference)).isEqualTo("hello\n");

        AccessLog second = registry.accessLog().since(between);
        System.out.printf(
                "second pull and start: %d of %d bytes, %.1f %%%n",
                second.bytes(), manifest.layerBytes(), 100.0 * second.bytes() / manifest.layerBytes());
        assertThat(second.bytes()).isLessThan(manifest.layerBytes() * 15 / 100 + manifest.layerBytes() / 4);
    }

    @Test
    void aLayerIsThereWhenThePullSaysSoAndNeedsNoRegistryAnyMore() throws Exception {
        SluiceNode node = start(Machine.newestContainerd());
        node.client().pull(slow, SluiceProcess.NAME);
        registry.kill();
        node.sluice().kill();
        node.sluice().restart();
        node.awaitSnapshotter();

        assertThat(hello(node, slow)).isEqualTo("hello\n");
        assertThat(Files.readString(node.sluice().log())).contains("Layer is being fetched");
    }

    @Test
    void othersStartAndGarbageIsCollectedWhileALayerIsFetched() throws Exception {
        SluiceNode node = start(Machine.newestContainerd());
        String quick = registry.address() + "/quick:latest";
        ImagePublisher.push(quickImage(), "latest", quick);
        node.client().pull(quick, SluiceProcess.NAME);
        ExecutorService background = Executors.newSingleThreadExecutor();
        try {
            Future<Command.Result> pull = background.submit(() -> node.client().pull(slow, SluiceProcess.NAME));
            await().atMost(Duration.ofMinutes(1))
                    .until(() -> Files.readString(node.sluice().log()).contains("Layer is being fetched"));
            String unwanted = registry.address() + "/quick:unwanted";
            node.client().command("images", "tag", quick, unwanted).run();
            node.client().command("images", "rm", "--sync", unwanted).run();
            node.client()
                    .command("snapshots", "--snapshotter", SluiceProcess.NAME, "prepare", "beside")
                    .run();
            assertThat(pull.isDone()).as("the slow pull is over").isFalse();
            assertThat(pull.get().exitCode()).isZero();
        } finally {
            background.shutdownNow();
        }
        assertThat(hello(node, slow)).isEqualTo("hello\n");
    }

    @Test
    void whatAPullHasFetchedThatIsCancelledIsNotFetchedAgain() throws Exception {
        SluiceNode node = start(Machine.newestContainerd());
        AccessLog before = registry.accessLog();
        Command pull =
                node.client().command("images", "pull", "--plain-http", "--snapshotter", SluiceProcess.NAME, slow);
        ServiceProcess client = bed.add(ServiceProcess.start(
                "pull", pull.arguments(), pull.environment(), bed.directory().resolve("pull.log")));
        await().atMost(Duration.ofMinutes(1))
                .until(() -> Files.readString(node.sluice().log()).contains("Layer is being fetched"));
        client.kill();

        node.client().pull(slow, SluiceProcess.NAME);

        assertThat(hello(node, slow)).isEqualTo("hello\n");
        assertThat(registry.accessLog().since(before).bytes())
                .isBetween(manifest.layerBytes(), manifest.layerBytes() * 11 / 10);
    }

    @Test
    void wrongBytesNeverBecomeALayer() throws Exception {
        SluiceNode node = start(Machine.newestContainerd());
        String digest = manifest.layers().get(0).path("digest").asText();
        spoil(digest);

        Command.Result pull = node.client()
                .command("images", "pull", "--plain-http", "--snapshotter", SluiceProcess.NAME, reference)
                .runForResult();

        assertThat(pull.exitCode()).isNotZero();
        assertThat(Files.readString(node.sluice().log())).contains(digest).contains("cannot be fetched");
        assertThat(layers(node))
                .allSatisfy(layer -> assertThat(node.sluice()
                                .settings()
                                .root()
                                .resolve("layers")
                                .resolve(layer)
                                .resolve("layer.json"))
                        .content()
                        .doesNotContain(digest));
    }

    @Test
    void aDaemonThatDiesDuringAPullFailsThePullAndNotTheNextOne() throws Exception {
        SluiceNode node = start(Machine.newestContainerd());
        Command pull =
                node.client().command("images", "pull", "--plain-http", "--snapshotter", SluiceProcess.NAME, slow);
        ExecutorService background = Executors.newSingleThreadExecutor();
        try {
            Future<Command.Result> failing = background.submit(() -> pull.runForResult());
            await().atMost(Duration.ofMinutes(1))
                    .until(() -> Files.readString(node.sluice().log()).contains("Layer is being fetched"));
            node.sluice().kill();
            assertThat(failing.get().exitCode()).isNotZero();
        } finally {
            background.shutdownNow();
        }
        node.sluice().restart();

        // As long as there is no snapshot, containerd answers a list by itself; it comes back to a plugin after a pause
        // of some seconds.
        await().atMost(Duration.ofMinutes(1)).until(() -> pull.runForResult().exitCode() == 0);
        assertThat(hello(node, slow)).isEqualTo("hello\n");
    }

    private Path quickImage() throws IOException {
        Path layout = bed.directory("q");
        OciLayout.write(layout, "latest", TortureImage.smallLayers());
        return layout;
    }

    private SluiceNode start(ContainerdBinaries binaries) throws IOException {
        return SluiceNode.start(bed, binaries, Machine.distribution(), "auto", List.of(registry.address(), host(slow)));
    }

    private static String host(String image) {
        return image.substring(0, image.indexOf('/'));
    }

    private static String hello(SluiceNode node, String image) throws IOException {
        return node.client()
                .run(image, SluiceProcess.NAME, "hello", TestImages.PYTHON_HELLO)
                .stdout();
    }

    private List<String> layers(SluiceNode node) throws IOException {
        try (Stream<Path> entries = Files.list(node.sluice().settings().root().resolve("layers"))) {
            return entries.map(entry -> entry.getFileName().toString()).toList();
        }
    }

    /** Changes a byte in the middle of a blob in the registry's storage. */
    private void spoil(String digest) throws IOException {
        String hex = digest.substring("sha256:".length());
        try (Stream<Path> files = Files.walk(bed.directory().resolve("r"))) {
            Path blob = files.filter(file -> file.endsWith(Path.of(hex, "data"))
                            && file.toString().contains("/blobs/"))
                    .findFirst()
                    .orElseThrow();
            try (RandomAccessFile file = new RandomAccessFile(blob.toFile(), "rw")) {
                file.seek(file.length() / 2);
                int old = file.read();
                file.seek(file.length() / 2);
                file.write(old ^ 0x10);
            }
        }
    }
}
