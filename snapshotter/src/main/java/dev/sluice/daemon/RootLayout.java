package dev.sluice.daemon;

import dev.sluice.linux.MountTable.Mount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What of a root directory Sluice has made, by name: an administrator may have named a directory that holds other things, too. Those are
 * never listed, nor is anything of a directory in which no Sluice has ever run.
 */
final class RootLayout {
    /** Every root directory has it. */
    static final String LOCK = "sluice.lock";

    private static final Set<String> NAMES = Set.of(
            LOCK,
            "admin-address",
            "cachefiles",
            "checkpoint",
            "earlier-mounts",
            "fuse",
            "fuse.connection",
            "image-mounts.json",
            "indexes",
            "install",
            "journal",
            "keeper",
            "layers",
            "m",
            "snapshots");

    /** What a crash may have left beside them, and what probes try things in. */
    private static final Pattern PASSING = Pattern.compile(
            "(?:%s)\\.(?:new|tmp|damaged)|(?:probe|cachefiles)-[0-9]+".formatted(String.join("|", NAMES)));

    private RootLayout() {}

    /** Whether Sluice has ever used a directory. */
    static boolean isIn(Path directory) {
        return Files.isRegularFile(directory.resolve(LOCK), LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * What Sluice has made there, the lock last; empty unless {@link #isIn}. Nothing else may be deleted.
     *
     * @param directory a root directory that exists
     */
    static List<Path> entries(Path directory) throws IOException {
        List<Path> entries = new ArrayList<>();
        if (!isIn(directory)) {
            return entries;
        }
        try (Stream<Path> all = Files.list(directory)) {
            all.filter(entry -> isOurs(String.valueOf(entry.getFileName())))
                    .sorted()
                    .forEach(entries::add);
        }
        Path lock = directory.resolve(LOCK);
        entries.remove(lock);
        entries.add(lock);
        return entries;
    }

    /**
     * Whether Sluice has mounted it, not an administrator, whose disk may be below the root directory, too.
     *
     * @param mount below a root directory
     */
    static boolean isMountOfOurs(Mount mount) {
        return mount.type().equals("erofs")
                || mount.type().equals("fuse")
                || mount.type().startsWith("fuse.");
    }

    private static boolean isOurs(String name) {
        return NAMES.contains(name) || PASSING.matcher(name).matches();
    }
}
