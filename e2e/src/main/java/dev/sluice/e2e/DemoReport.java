package dev.sluice.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.registry.Shape;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The figures of the demonstration, as a table for people and as JSON. */
record DemoReport(String image, RemoteManifest manifest, Shape shape, List<Measurement> measurements) {

    private static final double MEGABYTE = 1e6;

    DemoReport {
        measurements = List.copyOf(measurements);
    }

    void print(PrintStream out) {
        out.printf(
                Locale.ROOT,
                "%nImage %s: eStargz, %d layers, %.1f MB compressed. Link to the registry: %d ms round trip, %.0f MB/s.%n%n",
                image,
                manifest.layers().size(),
                manifest.layerBytes() / MEGABYTE,
                shape.roundTrip().toMillis(),
                shape.bytesPerSecond() / MEGABYTE);
        out.printf(
                "%-8s %-10s %10s %14s %12s %16s %10s%n",
                "", "", "pull", "pull to first", "fetched by", "fetched by", "blob");
        out.printf(
                "%-8s %-10s %10s %14s %12s %16s %10s%n", "", "", "", "output", "the pull", "first output", "requests");
        for (Measurement measurement : measurements) {
            out.printf(
                    Locale.ROOT,
                    "%-8s %-10s %8.2f s %12.2f s %9.1f MB %13.1f MB %10d%n",
                    measurement.workload().command().get(0),
                    measurement.snapshotter(),
                    seconds(measurement.pull()),
                    seconds(measurement.firstOutput()),
                    measurement.pullBytes() / MEGABYTE,
                    measurement.firstOutputBytes() / MEGABYTE,
                    measurement.blobs().requests().size());
        }
        printRatios(out);
        printProof(out);
    }

    private void printRatios(PrintStream out) {
        out.println();
        for (Measurement lazy : measurements) {
            ordinary(lazy)
                    .ifPresent(ordinary -> out.printf(
                            Locale.ROOT,
                            "%-8s first output %.1f times sooner, with %.1f %% of the image's bytes fetched. Output: %s%n",
                            lazy.workload().command().get(0),
                            seconds(ordinary.firstOutput()) / seconds(lazy.firstOutput()),
                            100.0 * lazy.firstOutputBytes() / manifest.layerBytes(),
                            lazy.output()));
        }
    }

    private Optional<Measurement> ordinary(Measurement lazy) {
        return measurements.stream()
                .filter(other -> lazy.snapshotter().equals(SluiceProcess.NAME)
                        && other.snapshotter().equals(ContainerdClient.OVERLAYFS)
                        && other.workload() == lazy.workload())
                .findFirst();
    }

    private void printProof(PrintStream out) {
        out.println();
        out.println("By the registry's own log, per layer, until containerd and Sluice were stopped:");
        for (Measurement measurement : measurements) {
            out.printf("  %s, %s%n", measurement.workload().command().get(0), measurement.snapshotter());
            for (JsonNode layer : manifest.layers()) {
                String digest = layer.path("digest").asText();
                out.printf(
                        Locale.ROOT,
                        "    %s  %8.1f of %6.1f MB in %3d requests%n",
                        digest.substring(0, 19),
                        measurement.blobs().bytesByDigest().getOrDefault(digest, 0L) / MEGABYTE,
                        layer.path("size").asLong() / MEGABYTE,
                        measurement.blobs().requestsByDigest().getOrDefault(digest, 0L));
            }
        }
    }

    /** Durations in seconds, sizes in bytes. */
    String toJson() {
        ObjectNode root = new ObjectMapper().createObjectNode();
        root.put("image", image);
        root.put("imageBytes", manifest.layerBytes());
        root.put("roundTripSeconds", seconds(shape.roundTrip()));
        root.put("bytesPerSecond", shape.bytesPerSecond());
        for (Measurement measurement : measurements) {
            ObjectNode run = root.withArray("runs").addObject();
            run.put("snapshotter", measurement.snapshotter());
            run.put("workload", measurement.workload().command().get(0));
            run.put("pullSeconds", seconds(measurement.pull()));
            run.put("firstOutputSeconds", seconds(measurement.firstOutput()));
            run.put("pullBytes", measurement.pullBytes());
            run.put("firstOutputBytes", measurement.firstOutputBytes());
            run.put("blobRequests", measurement.blobs().requests().size());
            run.put("blobBytes", measurement.blobs().bytes());
            run.put("output", measurement.output());
            for (JsonNode layer : manifest.layers()) {
                String digest = layer.path("digest").asText();
                run.withArray("layers")
                        .addObject()
                        .put("digest", digest)
                        .put("size", layer.path("size").asLong())
                        .put("fetchedBytes", measurement.blobs().bytesByDigest().getOrDefault(digest, 0L))
                        .put("requests", measurement.blobs().requestsByDigest().getOrDefault(digest, 0L));
            }
        }
        return root.toPrettyString() + "\n";
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
