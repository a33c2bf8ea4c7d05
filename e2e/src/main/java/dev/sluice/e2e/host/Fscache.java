package dev.sluice.e2e.host;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** What the kernel tells of its cache. */
public final class Fscache {
    private static final Path COOKIES = Path.of("/proc/fs/fscache/cookies");
    private static final int HEADER_LINES = 2;

    private Fscache() {}

    /** Whether this kernel has cachefiles, at least. */
    public static boolean isThere() {
        return Files.exists(Path.of("/dev/cachefiles"));
    }

    /** Keys of the cookies that there are now. The kernel prints a key as hexadecimal numbers in the last column. */
    public static List<String> cookies() throws IOException {
        try (Stream<String> lines = Files.lines(COOKIES)) {
            return lines.skip(HEADER_LINES)
                    .map(line -> line.substring(line.lastIndexOf(' ') + 1))
                    .map(Fscache::text)
                    .toList();
        }
    }

    private static String text(String hex) {
        return new String(HexFormat.of().parseHex(hex), UTF_8);
    }
}
