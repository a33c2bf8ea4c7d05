package dev.sluice.ondemand.keeper;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.sluice.fuzz.Require;
import dev.sluice.linux.MountTable.Mount;
import java.io.IOException;
import java.util.Objects;

/** Fuzzes a line of {@code /proc/self/cgroup}, in which whoever starts us chooses the path. */
public final class CgroupFuzz {
    private static final Mount UNIFIED =
            new Mount(1, 1, "0:1", "/", "/sys/fs/cgroup", "rw", "cgroup2", "cgroup2", "rw,memory");
    private static final Mount MEMORY =
            new Mount(2, 1, "0:2", "/", "/sys/fs/cgroup/memory", "rw", "cgroup", "cgroup", "rw,memory");

    private CgroupFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        String line = new String(data, ISO_8859_1);
        try {
            OwnCgroup.Membership membership = OwnCgroup.Membership.parse(line);
            Require.that(line.endsWith(":" + membership.path()), "another path");
            boolean unified = membership.isMountedAt(UNIFIED);
            Require.that(!unified || !membership.isMountedAt(MEMORY), "one hierarchy at two places");
            Require.that(!membership.path().equals("/") || !membership.matters(), "the root matters");
        } catch (IOException e) {
            Objects.requireNonNull(e.getMessage());
        }
    }
}
