package dev.sluice.e2e.image;

import dev.sluice.e2e.host.CacheDirectory;
import dev.sluice.e2e.host.Trees;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The root file system of a Debian machine, a plain directory.
 *
 * @param name for people
 * @param release code name, as {@code bookworm}
 * @param packages in addition to a minimal system
 */
public record DebianRoot(String name, String release, List<String> packages) {
    /** Changes whenever the same packages would give another directory. */
    private static final String RECIPE = "1";

    public DebianRoot {
        packages = List.copyOf(packages);
    }

    /**
     * Makes the directory, or finds it in the cache. Needs root.
     *
     * @return not to be changed
     */
    public Path build() throws IOException {
        Path cached = CacheDirectory.of("images").resolve(name + "-" + key());
        if (Files.exists(cached)) {
            return cached;
        }
        Path work = Files.createTempDirectory(cached.getParent(), "build");
        try {
            Path root = work.resolve("root");
            Debian.install(release, packages, root);
            Files.move(root, cached);
            return cached;
        } finally {
            Trees.delete(work);
        }
    }

    private String key() {
        String text = RECIPE + "\n" + release + "\n" + System.getProperty("os.arch") + "\n" + packages;
        return Digests.sha256(text.getBytes(StandardCharsets.UTF_8)).substring(0, 12);
    }
}
