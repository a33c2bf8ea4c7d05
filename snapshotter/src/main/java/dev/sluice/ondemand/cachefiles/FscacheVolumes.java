package dev.sluice.ondemand.cachefiles;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The volumes that file systems have in the kernel's cache, whichever cache that is, dead ones included. The kernel prints them in
 * {@code /proc/fs/fscache/volumes}, the key in the last column.
 *
 * @param keys in no order
 */
record FscacheVolumes(List<String> keys) {
    private static final Path FILE = Path.of("/proc/fs/fscache/volumes");
    private static final int HEADER_LINES = 2;

    FscacheVolumes {
        keys = List.copyOf(keys);
    }

    /** Reads them as they are now; none if the kernel does not tell. */
    static FscacheVolumes read() throws IOException {
        return Files.exists(FILE) ? parse(Files.readAllLines(FILE)) : new FscacheVolumes(List.of());
    }

    static FscacheVolumes parse(List<String> lines) {
        return new FscacheVolumes(lines.stream()
                .skip(HEADER_LINES)
                .map(line -> line.substring(line.lastIndexOf(' ') + 1))
                .toList());
    }
}
