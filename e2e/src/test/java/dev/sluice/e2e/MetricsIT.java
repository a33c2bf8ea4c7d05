package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.host.Poll;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.image.TarEntry;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.AdminPages;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.ContainerdProcess;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a node with many layers tells Prometheus and those who watch over it, at the address that the README names. */
class MetricsIT {
    private static final int IMAGES = 8;
    private static final int LAYERS = 125;
    private static final int SCRAPES = 51;
    private static final int FILE_BYTES = 8 << 20;
    private static final Duration SOON = Duration.ofMinutes(1);

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("containerd", "docker-registry", "skopeo", "ctr-remote", "curl");
    }

    @Test
    void aScrapeOfAThousandLayersTellsWhatIsHere() throws IOException {
        try (TestBed bed = Machine.newTestBed()) {
            RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
            SluiceNode node = node(bed, registry);
            AdminPages admin = new AdminPages(node.sluice().settings().adminSocket());

            for (int image = 0; image < IMAGES; image++) {
                Path layout = bed.directory("image-" + image);
                int number = image;
                OciLayout.write(
                        layout,
                        "latest",
                        IntStream.range(0, LAYERS)
                                .mapToObj(layer -> List.of(text("file-" + layer, number + " " + layer)))
                                .toList());
                String reference = registry.address() + "/many:" + image;
                ImagePublisher.push(layout, "latest", reference);
                node.client().pull(reference, SluiceProcess.NAME);
            }

            Map<String, Double> metrics = admin.metrics();
            // On a machine with much else to do, a layer may come too late, and is containerd's then.
            double left = sum(metrics, "sluice_prepared_layers_total{outcome=\"left\"}");
            String why = Files.readString(node.sluice().log())
                    .lines()
                    .filter(line -> line.contains("pulled as usual"))
                    .collect(Collectors.joining("\n"));
            if (left > 0) {
                System.out.println(why);
            }
            assertThat(left).as(why).isLessThan(LAYERS);
            assertThat(sum(metrics, "sluice_layers") + left).isEqualTo(IMAGES * LAYERS);
            assertThat(sum(metrics, "sluice_snapshots{kind=\"committed\"}")).isEqualTo(IMAGES * LAYERS);
            assertThat(sum(metrics, "sluice_prepared_layers_total")).isEqualTo(IMAGES * LAYERS);
            assertThat(sum(metrics, "sluice_cache_bytes")).isGreaterThan(IMAGES * LAYERS * 4096.0);
            assertThat(sum(metrics, "sluice_registry_requests_total")).isGreaterThanOrEqualTo(IMAGES * LAYERS);
            double[] seconds = new double[SCRAPES];
            for (int i = 0; i < SCRAPES; i++) {
                seconds[i] = admin.get("/metrics").seconds();
            }
            Arrays.sort(seconds);
            System.out.printf(
                    "A scrape of %.0f layers: median %.1f ms, longest of %d %.1f ms%n",
                    sum(metrics, "sluice_layers"), 1e3 * seconds[SCRAPES / 2], SCRAPES, 1e3 * seconds[SCRAPES - 1]);
        }
    }

    @Test
    void aReadThatHadToWaitIsCountedWithWhatItCost() throws IOException {
        try (TestBed bed = Machine.newTestBed()) {
            RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
            String reference = lazyImage(bed, registry);
            SluiceNode node = node(bed, registry);
            AdminPages admin = new AdminPages(node.sluice().settings().adminSocket());
            node.client().pull(reference, SluiceProcess.NAME);
            Map<String, Double> before = admin.metrics();

            Path mountPoint = bed.directory("m");
            node.client()
                    .command("images", "mount", "--snapshotter", SluiceProcess.NAME, reference, mountPoint.toString())
                    .run();
            assertThat(Files.readAllBytes(mountPoint.resolve("file"))).hasSize(FILE_BYTES);

            Map<String, Double> after = admin.metrics();
            assertThat(after).containsEntry("sluice_prepared_layers_total{outcome=\"lazy\"}", 1.0);
            assertThat(sum(after, "sluice_layers{format=\"estargz\"}")).isEqualTo(1);
            assertThat(sum(after, "sluice_layer_mounts")).isEqualTo(1);
            assertThat(growth(before, after, "sluice_fill_written_bytes_total")).isGreaterThanOrEqualTo(FILE_BYTES);
            assertThat(growth(before, after, "sluice_fill_fetched_bytes_total")).isGreaterThanOrEqualTo(FILE_BYTES);
            assertThat(growth(before, after, "sluice_fill_needed_bytes_total"))
                    .isPositive()
                    .isLessThanOrEqualTo(growth(before, after, "sluice_fill_fetched_bytes_total"));
            assertThat(growth(before, after, "sluice_read_wait_seconds_count")).isPositive();
            assertThat(growth(before, after, "sluice_read_wait_seconds_sum")).isPositive();
            assertThat(growth(
                            before,
                            after,
                            "sluice_registry_requests_total{code=\"206\",host=\"" + registry.address() + "\"}"))
                    .isEqualTo(growth(before, after, "sluice_fill_requests_total"));
            assertThat(growth(before, after, "sluice_fill_failures_total")).isZero();
            node.client()
                    .command("images", "unmount", "--snapshotter", SluiceProcess.NAME, "--rm", mountPoint.toString())
                    .run();
        }
    }

    @Test
    void aNodeIsReadyAsLongAsContainerdCanBeServed() throws IOException {
        try (TestBed bed = Machine.newTestBed()) {
            RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
            SluiceNode node = node(bed, registry);
            AdminPages admin = new AdminPages(node.sluice().settings().adminSocket());
            assertThat(admin.get("/readyz").status()).isEqualTo(200);
            assertThat(admin.get("/healthz").status()).isEqualTo(200);

            node.containerd().close();

            assertThat(Poll.until(SOON, () -> admin.get("/readyz").status() == 503))
                    .as("not ready without containerd")
                    .isTrue();
            assertThat(admin.get("/readyz").body()).contains("containerd");
            assertThat(admin.get("/healthz").status()).isEqualTo(200);
            assertThat(admin.get("/nothing").status()).isEqualTo(404);
        }
    }

    private static SluiceNode node(TestBed bed, RegistryProcess registry) throws IOException {
        return SluiceNode.start(
                bed, Machine.newestContainerd(), Machine.distribution(), "auto", List.of(registry.address()));
    }

    private static String lazyImage(TestBed bed, RegistryProcess registry) throws IOException {
        byte[] contents = new byte[FILE_BYTES];
        new Random(1).nextBytes(contents);
        Path layout = bed.directory("image");
        OciLayout.write(layout, "latest", List.of(List.of(TarEntry.file("file", contents))));
        String plain = registry.address() + "/lazy:plain";
        String lazy = registry.address() + "/lazy:estargz";
        ImagePublisher.push(layout, "latest", plain);
        try (ContainerdProcess ordinary =
                ContainerdProcess.start(bed.directory("o"), Machine.installedContainerd(), ContainerdConfig.PLAIN)) {
            Estargz.convert(ordinary.client(), plain, lazy);
        }
        return lazy;
    }

    private static TarEntry text(String path, String contents) {
        return TarEntry.file(path, contents.getBytes(StandardCharsets.UTF_8));
    }

    private static double growth(Map<String, Double> before, Map<String, Double> after, String series) {
        return sum(after, series) - (before.containsKey(series) ? sum(before, series) : 0);
    }

    /** Of all series of that name, or of the one that is named with its labels. */
    private static double sum(Map<String, Double> metrics, String name) {
        List<Double> values = new ArrayList<>();
        metrics.forEach((series, value) -> {
            if (series.equals(name) || series.startsWith(name + "{")) {
                values.add(value);
            }
        });
        assertThat(values).as(name).isNotEmpty();
        return values.stream().mapToDouble(Double::doubleValue).sum();
    }
}
