package dev.sluice.mount;

import dev.sluice.linux.Errno;
import dev.sluice.linux.FileStatus;
import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;

/**
 * Finds a path below a directory as a process does whose root that directory is: symbolic links never lead out of it. Paths are
 * bytes.
 */
final class RootedPath {
    /** As many links as the kernel follows, {@code MAXSYMLINKS}. */
    private static final int MAX_LINKS = 40;

    private final Linux linux;

    RootedPath(Linux linux) {
        this.linux = linux;
    }

    /** A path on the machine, and what is there. */
    record Found(byte[] path, FileStatus status) {}

    /**
     * @param root absolute
     * @param path relative to it
     * @return empty if there is nothing, or more than {@value #MAX_LINKS} links
     */
    Optional<Found> find(byte[] root, byte[] path) throws IOException {
        Deque<byte[]> pending = split(path);
        Deque<byte[]> reached = new ArrayDeque<>();
        int links = 0;
        while (!pending.isEmpty()) {
            byte[] name = pending.pop();
            if (name.length == 0 || (name.length == 1 && name[0] == '.')) {
                continue;
            }
            if (name.length == 2 && name[0] == '.' && name[1] == '.') {
                reached.pollLast();
                continue;
            }
            reached.addLast(name);
            byte[] here = join(root, reached);
            Optional<FileStatus> status = status(here);
            if (status.isEmpty()) {
                return Optional.empty();
            }
            if (status.get().isSymbolicLink()) {
                if (++links > MAX_LINKS) {
                    return Optional.empty();
                }
                byte[] target = linux.readlink(here);
                reached.removeLast();
                if (target.length > 0 && target[0] == '/') {
                    reached.clear();
                }
                Deque<byte[]> names = split(target);
                while (!names.isEmpty()) {
                    pending.push(names.removeLast());
                }
            }
        }
        byte[] found = join(root, reached);
        return status(found).map(status -> new Found(found, status));
    }

    private Optional<FileStatus> status(byte[] path) throws IOException {
        try {
            return Optional.of(linux.lstat(path));
        } catch (LinuxException e) {
            if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static Deque<byte[]> split(byte[] path) {
        Deque<byte[]> names = new ArrayDeque<>();
        int begin = 0;
        for (int i = 0; i <= path.length; i++) {
            if (i == path.length || path[i] == '/') {
                names.addLast(Arrays.copyOfRange(path, begin, i));
                begin = i + 1;
            }
        }
        return names;
    }

    private static byte[] join(byte[] root, Deque<byte[]> names) {
        ByteArrayOutputStream path = new ByteArrayOutputStream();
        path.writeBytes(root);
        for (byte[] name : names) {
            path.write('/');
            path.writeBytes(name);
        }
        return path.toByteArray();
    }
}
