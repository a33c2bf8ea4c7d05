package dev.sluice.e2e.image;

import dev.sluice.e2e.host.CacheDirectory;
import dev.sluice.e2e.host.Command;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * An image made of Debian packages, from the package sources that this machine is configured for. It has one layer per list of
 * packages, on top of a minimal Debian.
 *
 * @param name of the repository
 * @param layers packages that each layer adds; the first may be empty, since a minimal system is always in it
 */
public record DebianImage(String name, List<List<String>> layers) {

    /** Tag of the image in the layout that {@link #build()} returns. */
    public static final String TAG = "latest";

    /** Changes whenever the same packages would give another image. */
    private static final String RECIPE = "1";

    private static final Duration TIMEOUT = Duration.ofMinutes(15);

    public DebianImage {
        layers = layers.stream().map(List::copyOf).toList();
    }

    /**
     * Makes the image, or finds it in the cache. Needs root.
     *
     * @return an OCI layout, not to be changed
     */
    public Path build() throws IOException {
        Path cached = CacheDirectory.of("images").resolve(name + "-" + key());
        if (Files.exists(cached)) {
            return cached;
        }
        Path work = Files.createTempDirectory(cached.getParent(), "build");
        try {
            Path layout = work.resolve("layout");
            int done = begin(layout);
            List<String> packages = new ArrayList<>();
            for (int i = 0; i < layers.size(); i++) {
                packages.addAll(layers.get(i));
                if (i >= done) {
                    addLayer(layout, work, packages, layers.get(i));
                }
            }
            run("umoci", "gc", "--layout", layout.toString());
            Files.move(layout, cached);
            return cached;
        } finally {
            Command.of("rm", "-rf", "--one-file-system", work.toString()).run();
        }
    }

    /**
     * Begins with as many layers as another image in the cache has: building them is what takes long.
     *
     * @return how many those are
     */
    private int begin(Path layout) throws IOException {
        for (int count = layers.size() - 1; count > 0; count--) {
            String beginning = "-" + new DebianImage(name, layers.subList(0, count)).key();
            try (Stream<Path> cached = Files.list(CacheDirectory.of("images"))) {
                Optional<Path> found = cached.filter(path -> path.toString().endsWith(beginning))
                        .findFirst();
                if (found.isPresent()) {
                    run("cp", "--archive", found.get().toString(), layout.toString());
                    return count;
                }
            }
        }
        run("umoci", "init", "--layout", layout.toString());
        run("umoci", "new", "--image", layout + ":" + TAG);
        return 0;
    }

    /** Installs all packages so far into a fresh directory; umoci finds what differs from the layers below. */
    private void addLayer(Path layout, Path work, List<String> packages, List<String> added) throws IOException {
        Path rootfs = work.resolve("rootfs");
        Path bundle = work.resolve("bundle");
        Debian.install(Debian.codename(), packages, rootfs);
        run("umoci", "unpack", "--image", layout + ":" + TAG, bundle.toString());
        run("rm", "-rf", bundle.resolve("rootfs").toString());
        Files.move(rootfs, bundle.resolve("rootfs"));
        String createdBy = added.isEmpty() ? "minimal system" : "install " + String.join(" ", added);
        run("umoci", "repack", "--image", layout + ":" + TAG, "--history.created_by", createdBy, bundle.toString());
        run("rm", "-rf", bundle.toString());
    }

    private static void run(String... arguments) throws IOException {
        Command.of(arguments).withTimeout(TIMEOUT).run();
    }

    /** Identifies the contents of the image in the cache. */
    String key() throws IOException {
        String text = RECIPE + "\n" + Debian.codename() + "\n" + System.getProperty("os.arch") + "\n" + layers;
        return Digests.sha256(text.getBytes(StandardCharsets.UTF_8)).substring(0, 12);
    }
}
