package dev.sluice.e2e.image;

import dev.sluice.e2e.host.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Installs Debian into directories, from the package sources that this machine is configured for. */
final class Debian {
    private static final Pattern CODENAME = Pattern.compile("(?m)^VERSION_CODENAME=\"?([a-z]+)");
    private static final Duration TIMEOUT = Duration.ofMinutes(15);

    private Debian() {}

    /** The release that this machine runs. */
    static String codename() throws IOException {
        Matcher matcher = CODENAME.matcher(Files.readString(Path.of("/etc/os-release")));
        if (!matcher.find()) {
            throw new IOException("Tried to find the Debian release but failed because: no VERSION_CODENAME");
        }
        return matcher.group(1);
    }

    /**
     * Installs a minimal system. Needs root.
     *
     * @param release its code name
     * @param packages to be installed besides
     * @param target made; has to be missing or empty
     */
    static void install(String release, List<String> packages, Path target) throws IOException {
        List<String> install = new ArrayList<>(List.of("mmdebstrap", "--quiet", "--variant=minbase"));
        if (!packages.isEmpty()) {
            install.add("--include=" + String.join(",", packages));
        }
        // The builder's own names do not belong into an image.
        install.add("--customize-hook=rm -f \"$1/etc/hostname\" \"$1/etc/resolv.conf\"");
        install.addAll(List.of(release, target.toString()));
        Command.of(install).withTimeout(TIMEOUT).run();
    }
}
