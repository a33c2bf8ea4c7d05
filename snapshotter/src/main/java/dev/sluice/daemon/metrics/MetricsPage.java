package dev.sluice.daemon.metrics;

import dev.sluice.daemon.http.Page;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;

/** All metrics of the process, as text of Prometheus or OpenMetrics, whichever the request prefers. Safe for use by many threads. */
public final class MetricsPage implements Page {
    private static final int OK = 200;

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final ExpositionFormats formats = ExpositionFormats.init();

    public MetricsPage(SluiceMetrics metrics) {
        registry.register(metrics);
        JvmMetrics.builder().register(registry);
    }

    @Override
    public Answer get(Optional<String> accept) {
        ExpositionFormatWriter writer = formats.findWriter(accept.orElse(""));
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        try {
            writer.write(text, registry.scrape());
        } catch (IOException e) {
            throw new UncheckedIOException("memory cannot be written to", e);
        }
        return new Answer(OK, writer.getContentType(), text.toByteArray());
    }
}
