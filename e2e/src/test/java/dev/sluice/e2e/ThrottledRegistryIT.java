package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.image.TarEntry;
import dev.sluice.e2e.registry.Fault;
import dev.sluice.e2e.registry.FaultRegistry;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.ContainerdProcess;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Images of hundreds of layers come at once from a registry that allows 20 requests a second (429 and {@code Retry-After} beyond
 * that): all pulls succeed, and all bytes are right. {@code -Dsluice.throttled.images=5} makes it 500 layers.
 */
class ThrottledRegistryIT {
    private static final int IMAGES = Integer.getInteger("sluice.throttled.images", 2);
    private static final int LAYERS = 100;
    private static final int REQUESTS_PER_SECOND = 20;

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("containerd", "docker-registry", "skopeo", "ctr-remote");
    }

    @Test
    void allLayersAreOpenedAndReadRight() throws Exception {
        try (TestBed bed = Machine.newTestBed()) {
            RegistryProcess upstream = bed.add(RegistryProcess.start(bed.directory("r")));
            publish(bed, upstream);
            FaultRegistry registry = bed.add(FaultRegistry.start(
                    Integer.parseInt(
                            upstream.address().substring(upstream.address().indexOf(':') + 1)),
                    Optional.empty()));
            registry.misbehave(Fault.atMost(REQUESTS_PER_SECOND), Long.MAX_VALUE);
            SluiceNode node = SluiceNode.start(
                    bed, Machine.newestContainerd(), Machine.distribution(), "auto", List.of(registry.address()));

            forAllAtOnce(image -> node.client().pull(reference(registry.address(), image), SluiceProcess.NAME));
            String log = Files.readString(node.sluice().log());
            assertThat(log.lines().filter(line -> line.contains("Layer is lazy")))
                    .as("lazy layers")
                    .isNotEmpty();
            assertThat(registry.met())
                    .as("requests, of which not all can be granted at once")
                    .isGreaterThan(LAYERS);
            forAllAtOnce(image -> assertShowsAllLayers(bed, node.client(), registry, image));
        }
    }

    private interface Task {
        void run(int image) throws Exception;
    }

    private static void forAllAtOnce(Task task) throws Exception {
        List<Callable<Integer>> tasks = new ArrayList<>();
        for (int i = 0; i < IMAGES; i++) {
            int image = i;
            tasks.add(() -> {
                task.run(image);
                return image;
            });
        }
        ExecutorService clients = Executors.newFixedThreadPool(IMAGES);
        try {
            for (Future<Integer> done : clients.invokeAll(tasks)) {
                done.get();
            }
        } finally {
            clients.shutdown();
        }
    }

    private static void assertShowsAllLayers(TestBed bed, ContainerdClient client, FaultRegistry registry, int image)
            throws IOException {
        Path mountPoint = bed.directory("m" + image);
        client.command(
                        "images",
                        "mount",
                        "--snapshotter",
                        SluiceProcess.NAME,
                        reference(registry.address(), image),
                        mountPoint.toString())
                .run();
        for (int layer = 0; layer < LAYERS; layer++) {
            assertThat(mountPoint.resolve("file-" + layer)).hasContent(contents(image, layer));
        }
        client.command("images", "unmount", "--rm", "--snapshotter", SluiceProcess.NAME, mountPoint.toString())
                .run();
    }

    private static String reference(String registry, int image) {
        return registry + "/image-" + image + ":estargz";
    }

    private static void publish(TestBed bed, RegistryProcess registry) throws IOException {
        try (ContainerdProcess ordinary =
                ContainerdProcess.start(bed.directory("o"), Machine.installedContainerd(), ContainerdConfig.PLAIN)) {
            for (int i = 0; i < IMAGES; i++) {
                int image = i;
                Path layout = bed.directory("image-" + image);
                List<List<TarEntry>> layers = IntStream.range(0, LAYERS)
                        .mapToObj(layer -> List.of(TarEntry.file(
                                "file-" + layer, contents(image, layer).getBytes(StandardCharsets.UTF_8))))
                        .toList();
                OciLayout.write(layout, "latest", layers);
                String plain = registry.address() + "/image-" + image + ":plain";
                ImagePublisher.push(layout, "latest", plain);
                Estargz.convert(ordinary.client(), plain, reference(registry.address(), image));
            }
        }
    }

    private static String contents(int image, int layer) {
        return "of layer " + layer + " of image " + image;
    }
}
