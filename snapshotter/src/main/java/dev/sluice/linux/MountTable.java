package dev.sluice.linux;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The mounts of this process's namespace, in the order of {@code /proc/self/mountinfo}: of several mounts at one place the topmost
 * comes last. Reading it touches none of the mounted file systems.
 *
 * @param mounts in the kernel's order
 */
public record MountTable(List<Mount> mounts) {
    public MountTable {
        mounts = List.copyOf(mounts);
    }

    /**
     * One line of the table, {@code proc_pid_mountinfo(5)}. Texts are unescaped and taken as UTF-8.
     *
     * @param id of this mount; reused after unmounting
     * @param parent id of the mount that this one is on
     * @param device {@code major:minor}, the {@code st_dev} of its files
     * @param root the part of the file system that is mounted, {@code /} unless it is a bind mount
     * @param mountPoint absolute
     * @param options of the mount
     * @param type {@code erofs}, {@code fuse.sluice}, ...
     * @param superOptions of the file system
     */
    public record Mount(
            int id,
            int parent,
            String device,
            String root,
            String mountPoint,
            String options,
            String type,
            String source,
            String superOptions) {}

    /** Reads the table as it is now. */
    public static MountTable read() throws IOException {
        return parse(Files.readAllBytes(Path.of("/proc/self/mountinfo")));
    }

    /**
     * The mounts of another process's namespace.
     *
     * @param process its directory in {@code /proc}
     */
    public static MountTable of(Path process) throws IOException {
        return parse(Files.readAllBytes(process.resolve("mountinfo")));
    }

    /** The topmost mount at a place. */
    public Optional<Mount> at(Path mountPoint) {
        return at(mountPoint.toAbsolutePath().normalize().toString());
    }

    private Optional<Mount> at(String mountPoint) {
        Optional<Mount> last = Optional.empty();
        for (Mount mount : mounts) {
            if (mount.mountPoint().equals(mountPoint)) {
                last = Optional.of(mount);
            }
        }
        return last;
    }

    /** The mounts below a directory and at it, in the kernel's order: unmount them from the last to the first. */
    public List<Mount> under(Path directory) {
        String place = directory.toAbsolutePath().normalize().toString();
        String prefix = place.equals("/") ? place : place + "/";
        return mounts.stream()
                .filter(m -> m.mountPoint().equals(place) || m.mountPoint().startsWith(prefix))
                .toList();
    }

    /** @throws IOException if a line is not as the manual says */
    static MountTable parse(byte[] mountinfo) throws IOException {
        List<Mount> mounts = new ArrayList<>();
        for (String line : new String(mountinfo, ISO_8859_1).split("\n", -1)) {
            if (!line.isEmpty()) {
                mounts.add(parseLine(line));
            }
        }
        return new MountTable(mounts);
    }

    /** {@code 36 35 98:0 /root /mount/point rw,noatime master:1 - ext3 /dev/root rw}: the seventh field is repeated or missing. */
    private static Mount parseLine(String line) throws IOException {
        String[] fields = line.split(" ", -1);
        int separator = List.of(fields).indexOf("-");
        if (separator < 6 || fields.length < separator + 4) {
            throw new IOException("not a line of /proc/self/mountinfo: " + line);
        }
        try {
            return new Mount(
                    Integer.parseInt(fields[0]),
                    Integer.parseInt(fields[1]),
                    fields[2],
                    unescape(fields[3]),
                    unescape(fields[4]),
                    unescape(fields[5]),
                    unescape(fields[separator + 1]),
                    unescape(fields[separator + 2]),
                    unescape(fields[separator + 3]));
        } catch (NumberFormatException e) {
            throw new IOException("not a line of /proc/self/mountinfo: " + line, e);
        }
    }

    /** The kernel writes blanks and backslashes as three octal digits, {@code \040}. */
    private static String unescape(String field) {
        byte[] bytes = field.getBytes(ISO_8859_1);
        int length = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == '\\' && i + 3 < bytes.length && isOctal(bytes, i + 1)) {
                bytes[length++] = (byte) ((bytes[i + 1] - '0') << 6 | (bytes[i + 2] - '0') << 3 | (bytes[i + 3] - '0'));
                i += 3;
            } else {
                bytes[length++] = bytes[i];
            }
        }
        return new String(bytes, 0, length, UTF_8);
    }

    private static boolean isOctal(byte[] bytes, int start) {
        for (int i = start; i < start + 3; i++) {
            if (bytes[i] < '0' || bytes[i] > '7') {
                return false;
            }
        }
        return true;
    }
}
