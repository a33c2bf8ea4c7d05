package dev.sluice.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.credentials.SourceCounts;
import dev.sluice.credentials.SourceStatus;
import dev.sluice.daemon.StatusReport;
import dev.sluice.mount.LayerStatus;
import dev.sluice.mount.TaintedMount;
import java.util.Locale;

/** How {@code sluice status} reads. */
record StatusText(StatusReport report) {
    String plain() {
        StringBuilder out = new StringBuilder();
        out.append(String.format(
                "sluice %s, backend %s, keeper %s, root %s, since %s%n",
                report.version(), report.backend(), report.keeper(), report.root(), report.started()));
        out.append(String.format("%d lazy layers%n", report.layers().size()));
        for (LayerStatus layer : report.layers()) {
            out.append(String.format(
                    Locale.ROOT,
                    "  %s  %-10s %5.1f%% of %d bytes here, %d references%n",
                    layer.digest(),
                    layer.format(),
                    percent(layer),
                    layer.deviceBytes(),
                    layer.references()));
            layer.sources().forEach(source -> out.append(String.format("    from %s%n", source)));
            if (layer.mismatches() > 0) {
                out.append(String.format("    %d mismatches%n", layer.mismatches()));
            }
        }
        for (StatusReport.ImageMount mount : report.imageMounts()) {
            out.append(String.format("%s is mounted at %s%n", mount.reference(), mount.directory()));
        }
        for (TaintedMount mount : report.tainted()) {
            out.append(String.format(
                    "start again what runs in %s: it may have read zeros of layer %s%n",
                    mount.directory(), mount.layer()));
        }
        for (SourceStatus source : report.credentials()) {
            out.append(credentials(source));
        }
        return out.toString().stripTrailing();
    }

    private static String credentials(SourceStatus source) {
        String line = String.format("credentials from %s: %s", source.source(), state(source));
        SourceCounts counts = source.counts();
        return line
                + String.format(
                        "%n  given %d times, refused %d times, nothing known %d times, failed %d times%n",
                        counts.given(), counts.refused(), counts.none(), counts.failed())
                + source.trouble()
                        .map(trouble -> String.format("  last trouble, %s: %s%n", trouble.at(), trouble.message()))
                        .orElse("");
    }

    private static String state(SourceStatus source) {
        String explanation = source.state().explanation();
        return switch (source.state().level()) {
            case WORKS -> explanation;
            case EMPTY -> "none: " + explanation;
            case BROKEN -> "BROKEN: " + explanation;
        };
    }

    String json() {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("version", report.version());
        root.put("backend", report.backend());
        root.put("keeper", report.keeper());
        root.put("root", report.root().toString());
        root.put("address", report.address().toString());
        root.put("containerd", report.containerd().toString());
        root.put("started", report.started().toString());
        ArrayNode layers = root.putArray("layers");
        report.layers().forEach(layer -> layers.add(json(layer)));
        ArrayNode mounts = root.putArray("image_mounts");
        for (StatusReport.ImageMount mount : report.imageMounts()) {
            mounts.addObject()
                    .put("reference", mount.reference())
                    .put("directory", mount.directory().toString());
        }
        ArrayNode tainted = root.putArray("tainted");
        for (TaintedMount mount : report.tainted()) {
            tainted.addObject().put("directory", mount.directory().toString()).put("layer", mount.layer());
        }
        ArrayNode credentials = root.putArray("credential_sources");
        report.credentials().forEach(source -> credentials.add(json(source)));
        return root.toPrettyString();
    }

    private static ObjectNode json(LayerStatus layer) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("digest", layer.digest());
        node.put("format", layer.format());
        layer.sources().forEach(node.putArray("sources")::add);
        node.put("blob_bytes", layer.blobBytes());
        node.put("device_bytes", layer.deviceBytes());
        node.put("present_bytes", layer.presentBytes());
        node.put("fetched_bytes", layer.fetchedBytes());
        node.put("requests", layer.requests());
        node.put("mismatches", layer.mismatches());
        node.put("references", layer.references());
        ArrayNode mounts = node.putArray("mounts");
        layer.mounts().forEach(mount -> mounts.add(mount.toString()));
        return node;
    }

    private static ObjectNode json(SourceStatus source) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("name", source.source());
        node.put("state", source.state().level().name().toLowerCase(Locale.ROOT));
        node.put("explanation", source.state().explanation());
        node.put("given", source.counts().given());
        node.put("none", source.counts().none());
        node.put("failed", source.counts().failed());
        node.put("refused", source.counts().refused());
        source.trouble()
                .ifPresent(trouble -> node.putObject("trouble")
                        .put("message", trouble.message())
                        .put("at", trouble.at().toString()));
        return node;
    }

    private static double percent(LayerStatus layer) {
        return layer.deviceBytes() == 0 ? 100 : 100.0 * layer.presentBytes() / layer.deviceBytes();
    }
}
