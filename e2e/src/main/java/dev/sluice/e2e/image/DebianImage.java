package dev.sluice.e2e.image;

import dev.sluice.e2e.host.CacheDirectory;
import dev.sluice.e2e.host.Command;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

    private static final Pattern CODENAME = Pattern.compile("(?m)^VERSION_CODENAME=\"?([a-z]+)");
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
            run("umoci", "init", "--layout", layout.toString());
            run("umoci", "new", "--image", layout + ":" + TAG);
            List<String> packages = new ArrayList<>();
            for (List<String> layer : layers) {
                packages.addAll(layer);
                addLayer(layout, work, packages, layer);
            }
            run("umoci", "gc", "--layout", layout.toString());
            Files.move(layout, cached);
            return cached;
        } finally {
            Command.of("rm", "-rf", "--one-file-system", work.toString()).run();
        }
    }

    /** Installs all packages so far into a fresh directory; umoci finds what differs from the layers below. */
    private void addLayer(Path layout, Path work, List<String> packages, List<String> added) throws IOException {
        Path rootfs = work.resolve("rootfs");
        Path bundle = work.resolve("bundle");
        List<String> install = new ArrayList<>(List.of("mmdebstrap", "--quiet", "--variant=minbase"));
        if (!packages.isEmpty()) {
            install.add("--include=" + String.join(",", packages));
        }
        // The builder's own names do not belong into an image.
        install.add("--customize-hook=rm -f \"$1/etc/hostname\" \"$1/etc/resolv.conf\"");
        install.addAll(List.of(codename(), rootfs.toString()));
        Command.of(install).withTimeout(TIMEOUT).run();
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
        String text = RECIPE + "\n" + codename() + "\n" + System.getProperty("os.arch") + "\n" + layers;
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 6);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static String codename() throws IOException {
        Matcher matcher = CODENAME.matcher(Files.readString(Path.of("/etc/os-release")));
        if (!matcher.find()) {
            throw new IOException("Tried to find the Debian release but failed because: no VERSION_CODENAME");
        }
        return matcher.group(1);
    }
}
