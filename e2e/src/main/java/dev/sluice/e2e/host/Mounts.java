package dev.sluice.e2e.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Mounts of this mount namespace, as {@code /proc/self/mountinfo} lists them. */
public final class Mounts {

    private Mounts() {}

    /** Mount points at or below a directory, in the order in which they were mounted. */
    public static List<String> below(Path directory) throws IOException {
        List<String> found = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1)) {
            String mountPoint = line.split(" ", -1)[4];
            if (mountPoint.equals(directory.toString()) || mountPoint.startsWith(directory + "/")) {
                found.add(mountPoint);
            }
        }
        return found;
    }

    /** Unmounts everything at or below a directory, the last mount first; a busy one is detached. */
    public static void unmountBelow(Path directory) throws IOException {
        List<String> mountPoints = new ArrayList<>(below(directory));
        Collections.reverse(mountPoints);
        for (String mountPoint : mountPoints) {
            if (Command.of("umount", mountPoint).runForResult().exitCode() != 0) {
                Command.of("umount", "--lazy", mountPoint).run();
            }
        }
    }
}
