package dev.sluice.mount;

import static java.util.Objects.requireNonNull;

import dev.sluice.linux.Errno;
import dev.sluice.linux.FileStatus;
import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** Measures what directory trees take on disk. Safe for use by many threads. */
public final class DiskUsage {
    private final Linux linux;

    public DiskUsage(Linux linux) {
        this.linux = requireNonNull(linux, "linux is null");
    }

    /**
     * Adds up a tree, the directory at its top included: the space allocated, in bytes, and the inodes. A file with several names
     * counts once; symbolic links are not followed; what vanishes meanwhile does not count.
     *
     * @throws IOException if the tree cannot be read
     */
    public LazyLayers.Usage measure(Path directory) throws IOException {
        Sum sum = new Sum();
        sum.add(linux.lstat(directory));
        Deque<Path> unread = new ArrayDeque<>();
        unread.add(directory);
        while (!unread.isEmpty()) {
            addEntries(unread.removeLast(), sum, unread);
        }
        return new LazyLayers.Usage(sum.bytes, sum.inodes);
    }

    private void addEntries(Path directory, Sum sum, Deque<Path> directories) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                Optional<FileStatus> status = status(entry);
                status.ifPresent(sum::add);
                if (status.isPresent() && status.get().isDirectory()) {
                    directories.add(entry);
                }
            }
        } catch (NoSuchFileException e) {
            return;
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    private Optional<FileStatus> status(Path path) throws IOException {
        try {
            return Optional.of(isAscii(path.toString()) ? linux.lstat(path) : linux.lstat(bytes(path)));
        } catch (LinuxException e) {
            if (e.is(Errno.ENOENT)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 0x80);
    }

    /** The bytes of a path. Those that are no text in the locale's encoding are lost in its string, and kept in its URI. */
    private static byte[] bytes(Path path) {
        String escaped = path.toUri().getRawPath();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(escaped.length());
        for (int i = 0; i < escaped.length(); i++) {
            if (escaped.charAt(i) == '%') {
                bytes.write(Integer.parseInt(escaped, i + 1, i + 3, 16));
                i += 2;
            } else {
                bytes.write(escaped.charAt(i));
            }
        }
        return bytes.toByteArray();
    }

    private static final class Sum {
        /** Files that have several names. */
        private final Set<FileId> linked = new HashSet<>();

        private long bytes;
        private long inodes;

        void add(FileStatus status) {
            boolean several = !status.isDirectory() && status.links() > 1;
            if (!several || linked.add(new FileId(status.device(), status.inode()))) {
                bytes += status.allocatedBytes();
                inodes++;
            }
        }
    }

    private record FileId(long device, long inode) {}
}
