package dev.sluice.daemon.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.credentials.SourceCounts;
import dev.sluice.daemon.http.Page;
import dev.sluice.fill.FillStatistics;
import dev.sluice.fill.WaitTimes;
import dev.sluice.mount.LayerSummary;
import dev.sluice.ondemand.ReadStatistics;
import dev.sluice.registry.TrafficStatistics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Names and labels are what others build dashboards and alarms on: they do not change by accident. */
class SluiceMetricsTest {
    private final MetricsPage page = new MetricsPage(new SluiceMetrics(new Sources()));

    @Test
    void namesTypesAndLabels() {
        assertThat(series(scrape(Optional.empty())))
                .containsExactly(
                        "sluice_backend_failed_reads_total counter",
                        "sluice_backend_reads_total counter",
                        "sluice_backend_waiting_reads gauge",
                        "sluice_build_info{backend,keeper,version} gauge",
                        "sluice_cache_bytes gauge",
                        "sluice_credentials_total{outcome,source} counter",
                        "sluice_fill_failures_total counter",
                        "sluice_fill_fetched_bytes_total counter",
                        "sluice_fill_mismatches_total counter",
                        "sluice_fill_needed_bytes_total counter",
                        "sluice_fill_requests_total counter",
                        "sluice_fill_written_bytes_total counter",
                        "sluice_layer_mounts gauge",
                        "sluice_layers{format} gauge",
                        "sluice_prepared_layers_total{outcome} counter",
                        "sluice_read_wait_seconds_bucket{le} histogram",
                        "sluice_read_wait_seconds_count histogram",
                        "sluice_read_wait_seconds_sum histogram",
                        "sluice_registry_received_bytes_total{host} counter",
                        "sluice_registry_requests_total{code,host} counter",
                        "sluice_snapshots{kind} gauge",
                        "sluice_tainted_mounts gauge");
    }

    @Test
    void values() {
        assertThat(scrape(Optional.empty()))
                .contains("sluice_registry_requests_total{code=\"206\",host=\"registry.example\"} 12.0")
                .contains("sluice_registry_requests_total{code=\"none\",host=\"registry.example\"} 3.0")
                .contains("sluice_registry_received_bytes_total{host=\"registry.example\"} 4711.0")
                .contains("sluice_credentials_total{outcome=\"given\",source=\"kubernetes\"} 9.0")
                .contains("sluice_credentials_total{outcome=\"none\",source=\"kubernetes\"} 8.0")
                .contains("sluice_credentials_total{outcome=\"failed\",source=\"kubernetes\"} 7.0")
                .contains("sluice_credentials_total{outcome=\"refused\",source=\"kubernetes\"} 6.0")
                .contains("sluice_fill_fetched_bytes_total 2.0")
                .contains("sluice_backend_waiting_reads 7.0")
                .contains("sluice_layers{format=\"estargz\"} 2.0")
                .contains("sluice_prepared_layers_total{outcome=\"left\"} 3.0")
                .contains("sluice_read_wait_seconds_bucket{le=\"0.001\"} 0")
                .contains("sluice_read_wait_seconds_bucket{le=\"0.01\"} 3")
                .contains("sluice_read_wait_seconds_count 105")
                .contains("sluice_read_wait_seconds_sum 2.5");
    }

    @Test
    void whatTheProcessItselfTakesStandsBesideThem() {
        assertThat(scrape(Optional.empty())).contains("process_resident_memory_bytes", "jvm_memory_used_bytes");
    }

    @Test
    void openMetricsIsSpokenToThoseWhoAskForIt() {
        Page.Answer answer = page.get(Optional.of("application/openmetrics-text; version=1.0.0"));

        assertThat(answer.contentType()).startsWith("application/openmetrics-text");
        assertThat(new String(answer.body(), StandardCharsets.UTF_8)).endsWith("# EOF\n");
    }

    @Test
    void theReadmeNamesEachOfThem() throws IOException {
        String readme = Files.readString(Path.of("../README.md"));

        assertThat(series(scrape(Optional.empty())).stream()
                        .map(series -> series.replaceFirst("(_bucket|_count|_sum)?(\\{.*)? .*", "")))
                .allSatisfy(name -> assertThat(readme).contains("`" + name));
    }

    private String scrape(Optional<String> accept) {
        return new String(page.get(accept).body(), StandardCharsets.UTF_8);
    }

    private static List<String> series(String text) {
        Map<String, String> types = new java.util.HashMap<>();
        TreeSet<String> series = new TreeSet<>();
        Pattern label = Pattern.compile("([a-z_]+)=\"");
        for (String line : text.split("\n", -1)) {
            if (line.startsWith("# TYPE sluice_")) {
                String[] words = line.split(" ", -1);
                types.put(words[2], words[3]);
            } else if (line.startsWith("sluice_")) {
                String name = line.replaceFirst("[{ ].*", "");
                TreeSet<String> labels = new TreeSet<>();
                Matcher matcher = label.matcher(line);
                while (matcher.find()) {
                    labels.add(matcher.group(1));
                }
                String type = types.getOrDefault(name, types.get(name.replaceFirst("_(bucket|count|sum)$", "")));
                series.add(name + (labels.isEmpty() ? "" : "{" + String.join(",", labels) + "}") + " " + type);
            }
        }
        return List.copyOf(series);
    }

    private static final class Sources implements MetricSources {
        @Override
        public Build build() {
            return new Build("1", "fanotify", "process");
        }

        @Override
        public List<TrafficStatistics> requests() {
            return List.of(
                    new TrafficStatistics("registry.example", "206", 12),
                    new TrafficStatistics("registry.example", TrafficStatistics.NO_ANSWER, 3));
        }

        @Override
        public List<TrafficStatistics.Received> received() {
            return List.of(new TrafficStatistics.Received("registry.example", 4711));
        }

        @Override
        public List<SourceCounts> credentials() {
            return List.of(new SourceCounts("kubernetes", 9, 8, 7, 6));
        }

        @Override
        public FillStatistics fill() {
            return new FillStatistics(1, 2, 3, 4, 5, 6, 7, 8);
        }

        @Override
        public WaitTimes waits() {
            return new WaitTimes(
                    LongStream.rangeClosed(0, WaitTimes.BOUNDS.size()).boxed().toList(), Duration.ofMillis(2500));
        }

        @Override
        public ReadStatistics reads() {
            return new ReadStatistics(100, 5, 7);
        }

        @Override
        public LayerSummary layers() {
            return new LayerSummary(Map.of("estargz", 2), 2, 1 << 20);
        }

        @Override
        public CountedLayers.Prepared prepared() {
            return new CountedLayers.Prepared(1, 2, 3);
        }

        @Override
        public int tainted() {
            return 1;
        }

        @Override
        public Map<String, Integer> snapshots() {
            return Map.of("active", 1, "committed", 2);
        }
    }
}
