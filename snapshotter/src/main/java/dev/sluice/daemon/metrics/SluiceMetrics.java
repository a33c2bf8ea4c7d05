package dev.sluice.daemon.metrics;

import dev.sluice.credentials.SourceCounts;
import dev.sluice.fill.FillStatistics;
import dev.sluice.fill.WaitTimes;
import dev.sluice.mount.LayerSummary;
import dev.sluice.ondemand.ReadStatistics;
import dev.sluice.registry.TrafficStatistics;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.Unit;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * All metrics of Sluice itself. No label has values without bound: layers and images are not told apart. A scrape reads counters, and
 * measures the cache on disk, a few system calls per layer. Safe for use by many threads.
 */
public final class SluiceMetrics implements MultiCollector {
    private static final double NANOS = 1e9;

    private final MetricSources sources;

    public SluiceMetrics(MetricSources sources) {
        this.sources = sources;
    }

    @Override
    public MetricSnapshots collect() {
        MetricSnapshots.Builder all = MetricSnapshots.builder();
        MetricSources.Build build = sources.build();
        all.metricSnapshot(InfoSnapshot.builder()
                .name("sluice_build")
                .help("Version, and what keeps it running.")
                .dataPoint(InfoDataPointSnapshot.builder()
                        .labels(Labels.of(
                                "version", build.version(), "backend", build.backend(), "keeper", build.keeper()))
                        .build())
                .build());
        registry(all, sources.requests(), sources.received());
        credentials(all, sources.credentials());
        fill(all, sources.fill(), sources.waits());
        backend(all, sources.reads());
        layers(all, sources.layers());
        prepared(all, sources.prepared());
        all.metricSnapshot(gauge(
                "sluice_tainted_mounts",
                "Mounts that may have shown zeros while nobody held the kernel's side; what runs on them is to be started again.",
                sources.tainted()));
        all.metricSnapshot(byLabel("sluice_snapshots", "Snapshots of containerd.", "kind", sources.snapshots()));
        return all.build();
    }

    private static void registry(
            MetricSnapshots.Builder all, List<TrafficStatistics> requests, List<TrafficStatistics.Received> received) {
        CounterSnapshot.Builder asked = CounterSnapshot.builder()
                .name("sluice_registry_requests")
                .help("HTTP requests by host and status; code none: not reached, not in time, or broken off.");
        for (TrafficStatistics host : requests) {
            asked.dataPoint(CounterDataPointSnapshot.builder()
                    .labels(Labels.of("host", host.host(), "code", host.code()))
                    .value((double) host.requests())
                    .build());
        }
        all.metricSnapshot(asked.build());
        CounterSnapshot.Builder bytes = CounterSnapshot.builder()
                .name("sluice_registry_received_bytes")
                .help("Bytes of answers, by host.")
                .unit(Unit.BYTES);
        for (TrafficStatistics.Received host : received) {
            bytes.dataPoint(CounterDataPointSnapshot.builder()
                    .labels(Labels.of("host", host.host()))
                    .value((double) host.bytes())
                    .build());
        }
        all.metricSnapshot(bytes.build());
    }

    private static void credentials(MetricSnapshots.Builder all, List<SourceCounts> sources) {
        CounterSnapshot.Builder asked = CounterSnapshot.builder()
                .name("sluice_credentials")
                .help(
                        "What came of questions for credentials: given, none, failed; and of what was given, what registries refused.");
        for (SourceCounts source : sources) {
            Map<String, Long> outcomes = Map.of(
                    "given", source.given(),
                    "none", source.none(),
                    "failed", source.failed(),
                    "refused", source.refused());
            outcomes.forEach((outcome, count) -> asked.dataPoint(CounterDataPointSnapshot.builder()
                    .labels(Labels.of("source", source.source(), "outcome", outcome))
                    .value((double) count)
                    .build()));
        }
        all.metricSnapshot(asked.build());
    }

    private static void fill(MetricSnapshots.Builder all, FillStatistics fill, WaitTimes waits) {
        all.metricSnapshot(counter("sluice_fill_requests", "Range requests of lazy layers.", fill.requests()));
        all.metricSnapshot(bytes(
                "sluice_fill_fetched_bytes",
                "Compressed bytes fetched for lazy layers, with what was read ahead.",
                fill.bytesFetched()));
        all.metricSnapshot(bytes(
                "sluice_fill_needed_bytes", "Of these, bytes of spans that a reader waited for.", fill.bytesNeeded()));
        all.metricSnapshot(
                bytes("sluice_fill_written_bytes", "Verified bytes written into data devices.", fill.bytesWritten()));
        all.metricSnapshot(counter(
                "sluice_fill_mismatches", "Spans that did not match their digest; never written.", fill.mismatches()));
        all.metricSnapshot(counter(
                "sluice_fill_failures", "Fills that failed; each is an I/O error for its reader.", fill.failures()));
        all.metricSnapshot(HistogramSnapshot.builder()
                .name("sluice_read_wait_seconds")
                .help("How long readers waited for bytes that were not here yet.")
                .unit(Unit.SECONDS)
                .dataPoint(HistogramDataPointSnapshot.builder()
                        .classicHistogramBuckets(buckets(waits))
                        .sum(waits.total().toNanos() / NANOS)
                        .build())
                .build());
    }

    private static ClassicHistogramBuckets buckets(WaitTimes waits) {
        ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
        List<Duration> bounds = WaitTimes.BOUNDS;
        for (int i = 0; i < bounds.size(); i++) {
            buckets.bucket(bounds.get(i).toNanos() / NANOS, waits.counts().get(i));
        }
        return buckets.bucket(Double.POSITIVE_INFINITY, waits.counts().get(bounds.size()))
                .build();
    }

    private static void backend(MetricSnapshots.Builder all, ReadStatistics reads) {
        all.metricSnapshot(
                counter("sluice_backend_reads", "Reads that the kernel asked the backend for.", reads.reads()));
        all.metricSnapshot(counter("sluice_backend_failed_reads", "Of these, answered with an error.", reads.failed()));
        all.metricSnapshot(gauge("sluice_backend_waiting_reads", "Of these, not answered yet.", reads.waiting()));
    }

    private static void layers(MetricSnapshots.Builder all, LayerSummary layers) {
        all.metricSnapshot(byLabel("sluice_layers", "Layers that are here.", "format", layers.layers()));
        all.metricSnapshot(gauge("sluice_layer_mounts", "EROFS mounts of layers.", layers.mounts()));
        all.metricSnapshot(gauge("sluice_cache_bytes", "Disk that layers take.", layers.cacheBytes()));
    }

    private static void prepared(MetricSnapshots.Builder all, CountedLayers.Prepared prepared) {
        all.metricSnapshot(CounterSnapshot.builder()
                .name("sluice_prepared_layers")
                .help("Layers that containerd wanted prepared: lazy, fetched as a whole first, or left to containerd.")
                .dataPoint(outcome("lazy", prepared.lazy()))
                .dataPoint(outcome("fetched", prepared.underWay()))
                .dataPoint(outcome("left", prepared.notLazy()))
                .build());
    }

    private static CounterDataPointSnapshot outcome(String outcome, long count) {
        return CounterDataPointSnapshot.builder()
                .labels(Labels.of("outcome", outcome))
                .value((double) count)
                .build();
    }

    private static CounterSnapshot counter(String name, String help, long value) {
        return CounterSnapshot.builder()
                .name(name)
                .help(help)
                .dataPoint(
                        CounterDataPointSnapshot.builder().value((double) value).build())
                .build();
    }

    private static CounterSnapshot bytes(String name, String help, long value) {
        return CounterSnapshot.builder()
                .name(name)
                .help(help)
                .unit(Unit.BYTES)
                .dataPoint(
                        CounterDataPointSnapshot.builder().value((double) value).build())
                .build();
    }

    private static GaugeSnapshot gauge(String name, String help, long value) {
        return GaugeSnapshot.builder()
                .name(name)
                .help(help)
                .dataPoint(
                        GaugeDataPointSnapshot.builder().value((double) value).build())
                .build();
    }

    private static GaugeSnapshot byLabel(String name, String help, String label, Map<String, Integer> values) {
        GaugeSnapshot.Builder gauge = GaugeSnapshot.builder().name(name).help(help);
        values.forEach((key, value) -> gauge.dataPoint(GaugeDataPointSnapshot.builder()
                .labels(Labels.of(label, key))
                .value(value)
                .build()));
        return gauge.build();
    }
}
