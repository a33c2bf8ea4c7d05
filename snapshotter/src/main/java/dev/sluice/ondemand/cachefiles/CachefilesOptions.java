package dev.sluice.ondemand.cachefiles;

import java.nio.file.Path;

/**
 * How the kernel's cache is used.
 *
 * @param directory of the cache, absolute, on a local file system with extended attributes and O_DIRECT; belongs to the cache alone
 * @param tag the cache's name in the kernel, letters, digits, {@code -} and {@code _}
 * @param limits when space is asked for
 * @param threads how many threads take the kernel's requests; they never wait for data, so a few are enough
 */
public record CachefilesOptions(Path directory, String tag, CullLimits limits, int threads) {
    public CachefilesOptions {
        if (!directory.isAbsolute() || directory.toString().chars().anyMatch(c -> c < ' ')) {
            throw new IllegalArgumentException("not a usable directory for the kernel's cache: " + directory);
        }
        if (!tag.matches("[A-Za-z0-9_-]{1,64}")) {
            throw new IllegalArgumentException("not a usable tag for the kernel's cache: " + tag);
        }
        if (threads < 1) {
            throw new IllegalArgumentException("no threads: " + threads);
        }
    }
}
