package dev.sluice.mount;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * How much disk all lazy layers may take together before new ones are refused.
 *
 * @param layers their directory
 * @param bytes 0 for no ceiling
 */
record DiskCeiling(Path layers, DiskUsage usage, long bytes) {
    private static final double MEBIBYTE = 1 << 20;

    DiskCeiling {
        if (bytes < 0) {
            throw new IllegalArgumentException("negative ceiling: " + bytes);
        }
    }

    /**
     * Measures, if there is a ceiling: a few system calls per layer.
     *
     * @return why no new layer can be kept; empty if it can
     */
    Optional<String> reached() throws IOException {
        if (bytes == 0) {
            return Optional.empty();
        }
        long used = usage.measure(layers).bytes();
        return used < bytes
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT,
                        "lazy layers take %.1f MiB of the disk, and max_disk is %.1f MiB",
                        used / MEBIBYTE,
                        bytes / MEBIBYTE));
    }
}
