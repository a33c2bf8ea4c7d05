package dev.sluice.ondemand.keeper;

import dev.sluice.linux.MountTable;
import dev.sluice.linux.MountTable.Mount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A control group that is not the daemon's, {@code cgroups(7)}: of the unit {@code sluice-keeper.service}, if it runs beside the daemon's,
 * else {@code /sluice-keeper} in each hierarchy, beside everybody else's. Service managers end a service by killing all that is in its
 * group, and the kernel ends what needs too much memory by group.
 */
final class OwnCgroup {
    private static final Logger log = LoggerFactory.getLogger(OwnCgroup.class);

    private static final String NAME = "sluice-keeper";
    /** It leaves its group to us: {@code Delegate=yes}. */
    private static final String UNIT = "sluice-keeper.service";
    /** It says where processes run and kills nobody, and a new group of it takes none before it is set up. */
    private static final String CPUSET = "cpuset";

    private OwnCgroup() {}

    /**
     * A hierarchy.
     *
     * @param controllers {@code name=systemd} for one without any, empty for the unified one
     * @param path of this process's group
     */
    record Membership(Set<String> controllers, String path) {
        /** From a line of {@code /proc/self/cgroup}: {@code 4:memory:/a/b}. */
        static Membership parse(String line) throws IOException {
            String[] fields = line.split(":", 3);
            if (fields.length != 3) {
                throw new IOException("not a line of /proc/self/cgroup: " + line);
            }
            return new Membership(
                    fields[1].isEmpty() ? Set.of() : Set.copyOf(List.of(fields[1].split(",", -1))), fields[2]);
        }

        boolean isMountedAt(Mount mount) {
            return controllers.isEmpty()
                    ? mount.type().equals("cgroup2")
                    : mount.type().equals("cgroup")
                            && List.of(mount.superOptions().split(",", -1)).containsAll(controllers);
        }

        /** Nobody is killed for being in the root. */
        boolean matters() {
            return !path.equals("/") && !controllers.contains(CPUSET);
        }
    }

    /**
     * Takes a process out of the groups that this one is in, as far as the machine lets us.
     *
     * @return why it is still in some of them, for people
     */
    static List<String> moveInto(int pid) throws IOException {
        List<String> problems = new ArrayList<>();
        for (Path group : groups()) {
            try {
                Files.createDirectories(group);
                Files.writeString(group.resolve("cgroup.procs"), Integer.toString(pid));
            } catch (IOException e) {
                problems.add(e.toString());
            }
        }
        return problems;
    }

    /** After the last keeper has ended; another root directory may still have one. */
    static void remove() throws IOException {
        for (Path group : groups()) {
            try {
                if (!group.endsWith(UNIT)) {
                    Files.deleteIfExists(group);
                }
            } catch (IOException e) {
                log.debug("{} stays", group, e);
            }
        }
    }

    private static List<Path> groups() throws IOException {
        List<Mount> mounts = MountTable.read().mounts();
        List<Path> groups = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("/proc/self/cgroup"))) {
            Membership membership = Membership.parse(line);
            if (membership.matters()) {
                mounts.stream()
                        .filter(membership::isMountedAt)
                        .findFirst()
                        .ifPresentOrElse(
                                mount -> groups.add(group(mount, membership)),
                                () -> log.warn("Nothing is mounted of control group {}", line));
            }
        }
        return groups;
    }

    private static Path group(Mount mount, Membership membership) {
        Path unit = Path.of(mount.mountPoint(), membership.path()).resolveSibling(UNIT);
        return Files.isDirectory(unit) ? unit : Path.of(mount.mountPoint(), NAME);
    }
}
