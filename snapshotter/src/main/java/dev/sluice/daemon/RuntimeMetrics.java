package dev.sluice.daemon;

import dev.sluice.credentials.SourceCounts;
import dev.sluice.daemon.metrics.CountedLayers;
import dev.sluice.daemon.metrics.MetricSources;
import dev.sluice.fill.FillStatistics;
import dev.sluice.fill.WaitTimes;
import dev.sluice.mount.LayerSummary;
import dev.sluice.ondemand.ReadStatistics;
import dev.sluice.registry.TrafficStatistics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;

/** What the parts of a running daemon count. */
record RuntimeMetrics(LayerRuntime runtime) implements MetricSources {
    @Override
    public Build build() {
        return new Build(
                Version.current(),
                runtime.backend().name(),
                runtime.keeper().isPresent() ? runtime.keeper().toString().split(" ", 2)[0] : "none");
    }

    @Override
    public List<TrafficStatistics> requests() {
        return runtime.registry().requests();
    }

    @Override
    public List<TrafficStatistics.Received> received() {
        return runtime.registry().received();
    }

    @Override
    public List<SourceCounts> credentials() {
        return runtime.credentials().counts();
    }

    @Override
    public FillStatistics fill() {
        return runtime.engine().statistics();
    }

    @Override
    public WaitTimes waits() {
        return runtime.engine().waitTimes();
    }

    @Override
    public ReadStatistics reads() {
        return runtime.backend().reads();
    }

    @Override
    public LayerSummary layers() {
        try {
            return runtime.layers().summary();
        } catch (IOException e) {
            throw new UncheckedIOException("Tried to measure the layers but failed because: " + e.getMessage(), e);
        }
    }

    @Override
    public CountedLayers.Prepared prepared() {
        return runtime.counted().prepared();
    }

    @Override
    public int tainted() {
        try {
            return runtime.layers().tainted().size();
        } catch (IOException e) {
            throw new UncheckedIOException("Tried to read the mounts but failed because: " + e.getMessage(), e);
        }
    }

    @Override
    public Map<String, Integer> snapshots() {
        return runtime.snapshots().counts();
    }
}
