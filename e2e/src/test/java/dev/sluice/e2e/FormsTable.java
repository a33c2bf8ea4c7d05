package dev.sluice.e2e;

import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.registry.AccessLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What was fetched of each form of an image. Not thread-safe. */
final class FormsTable {

    private final SortedMap<String, String> rows = new TreeMap<>();

    /**
     * What one pull led to.
     *
     * @param pull while the image was pulled
     * @param start while a container started from it, and ran to its end
     * @param tree while all of its files were read
     */
    record Fetched(AccessLog pull, AccessLog start, AccessLog tree) {
        /** Bytes until the end of the container. */
        long toStart() {
            return pull.bytes() + start.bytes();
        }
    }

    /** @param form with what else tells the row from others */
    void add(String form, RemoteManifest manifest, Fetched fetched) {
        rows.put(
                form,
                String.format(
                        Locale.ROOT,
                        "| %s | %d, %s | %s | %s | %s |",
                        form,
                        manifest.layers().size(),
                        mebibytes(manifest.distinctLayerBytes()),
                        cell(fetched.pull()),
                        cell(fetched.start()),
                        cell(fetched.tree())));
    }

    private static String cell(AccessLog log) {
        return log.requests().size() + ", " + mebibytes(log.bytes());
    }

    private static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%.2f MiB", bytes / 1048576.0);
    }

    @Override
    public String toString() {
        return rows.values().stream()
                .collect(Collectors.joining(
                        "\n",
                        "Requests for blobs and bytes of the answers, configs included\n\n"
                                + "| form | layers | pull | container | all of the tree |\n|---|---|---|---|---|\n",
                        "\n"));
    }

    /** Prints it, and leaves it where the reports of tests are. */
    void publish(String name) throws IOException {
        System.out.println(this);
        Files.write(Files.createDirectories(Path.of("target")).resolve(name), List.of(toString()));
    }
}
