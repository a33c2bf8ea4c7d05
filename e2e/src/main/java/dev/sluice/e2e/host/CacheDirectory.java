package dev.sluice.e2e.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Where things that take minutes to make outlive a run: {@code $SLUICE_CACHE}, else {@code $XDG_CACHE_HOME/sluice}, else
 * {@code ~/.cache/sluice}. Never inside of the source tree.
 */
public final class CacheDirectory {

    private CacheDirectory() {}

    /** The directory called {@code name} in the cache; made if absent. */
    public static Path of(String name) throws IOException {
        return Files.createDirectories(root(System.getenv()).resolve(name));
    }

    static Path root(Map<String, String> environment) {
        return value(environment, "SLUICE_CACHE")
                .or(() -> value(environment, "XDG_CACHE_HOME").map(path -> path.resolve("sluice")))
                .orElseGet(() -> value(environment, "HOME")
                        .orElse(Path.of(System.getProperty("user.home")))
                        .resolve(".cache/sluice"));
    }

    private static Optional<Path> value(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name))
                .filter(text -> !text.isBlank())
                .map(Path::of);
    }
}
