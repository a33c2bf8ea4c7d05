package dev.sluice.daemon;

import dev.sluice.linux.MountTable;
import dev.sluice.linux.MountTable.Mount;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who has mounted what lies in a root directory: containers, mostly. Looks at the mounts of all processes' namespaces, since what containerd
 * has mounted for a container stays mounted in the container's own.
 */
final class LayerUsers {
    private static final Logger log = LoggerFactory.getLogger(LayerUsers.class);

    private static final Path PROC = Path.of("/proc");
    /** Where containerd mounts the root file system of a container, by namespace and name. */
    private static final Pattern CONTAINER =
            Pattern.compile(".*/io\\.containerd\\.runtime\\.v[12][^/]*/([^/]+)/([^/]+)/rootfs");

    private static final Pattern LOWERS = Pattern.compile("(?:^|,)lowerdir=([^,]*)");

    private final Path root;
    private final Set<String> devices;

    private LayerUsers(Path root, Set<String> devices) {
        this.root = root;
        this.devices = devices;
    }

    /**
     * Finds them, each once, for people: {@code container ID (NAMESPACE)}, or where something is mounted.
     *
     * @param root a root directory; what Sluice itself has mounted below it counts as no use
     */
    static List<String> of(Path root) throws IOException {
        MountTable own = MountTable.read();
        Set<String> devices = new HashSet<>();
        for (Mount mount : own.under(root)) {
            if (RootLayout.isMountOfOurs(mount)) {
                devices.add(mount.device());
            }
        }
        LayerUsers users = new LayerUsers(root, devices);
        // By file system: a container's is in two namespaces.
        Map<String, String> found = new LinkedHashMap<>();
        users.add(own, "", found);
        Set<Path> namespaces = new HashSet<>(Set.of(namespace(PROC.resolve("self"))));
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path process : processes) {
                try {
                    if (namespaces.add(namespace(process))) {
                        users.add(MountTable.of(process), " of process " + process.getFileName(), found);
                    }
                } catch (IOException e) {
                    log.trace("{} has ended, or is the kernel's", process, e);
                }
            }
        }
        return found.values().stream().distinct().sorted().toList();
    }

    private static Path namespace(Path process) throws IOException {
        return Files.readSymbolicLink(process.resolve("ns/mnt"));
    }

    private void add(MountTable table, String whose, Map<String, String> found) {
        List<Mount> below = table.under(root);
        for (Mount mount : table.mounts()) {
            if (!below.contains(mount) && uses(mount)) {
                found.putIfAbsent(mount.device(), name(mount.mountPoint(), whose));
            }
        }
    }

    private boolean uses(Mount mount) {
        return devices.contains(mount.device()) || (mount.type().equals("overlay") && isOurs(mount.superOptions()));
    }

    private boolean isOurs(String options) {
        if (options.contains("=" + root + "/") || options.contains(":" + root + "/")) {
            return true;
        }
        // containerd shortens long lists: names without the directory that they are in.
        Matcher lowers = LOWERS.matcher(options);
        return lowers.find()
                && Stream.of(lowers.group(1).split(":", -1))
                        .allMatch(lower -> !lower.isEmpty()
                                && !lower.startsWith("/")
                                && Files.isDirectory(root.resolve("m").resolve(lower)));
    }

    private static String name(String mountPoint, String whose) {
        Matcher container = CONTAINER.matcher(mountPoint);
        return container.matches()
                ? "container " + container.group(2) + " (" + container.group(1) + ")"
                : mountPoint + whose;
    }
}
