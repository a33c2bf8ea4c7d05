package dev.sluice.daemon.metrics;

import dev.sluice.credentials.SourceCounts;
import dev.sluice.fill.FillStatistics;
import dev.sluice.fill.WaitTimes;
import dev.sluice.mount.LayerSummary;
import dev.sluice.ondemand.ReadStatistics;
import dev.sluice.registry.TrafficStatistics;
import java.util.List;
import java.util.Map;

/** Where the metrics of a daemon come from. All methods give what is so at the moment. Safe for use by many threads. */
public interface MetricSources {
    /** What runs. */
    record Build(String version, String backend, String keeper) {}

    Build build();

    List<TrafficStatistics> requests();

    List<TrafficStatistics.Received> received();

    /** By source of credentials. */
    List<SourceCounts> credentials();

    FillStatistics fill();

    WaitTimes waits();

    ReadStatistics reads();

    LayerSummary layers();

    CountedLayers.Prepared prepared();

    /** Mounts that may have shown zeros. */
    int tainted();

    /** containerd's snapshots by their kind: active, committed, view. */
    Map<String, Integer> snapshots();
}
