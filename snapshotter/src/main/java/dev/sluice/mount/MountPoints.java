package dev.sluice.mount;

import dev.sluice.linux.MountTable;
import dev.sluice.linux.Mounts;
import dev.sluice.linux.Mounts.UnmountFlag;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/**
 * {@code m/<n>/}: where EROFS images are mounted. The numbers keep the paths short, because all lower directories of an overlay
 * must fit into one page. Each mount gets a number of its own, also after a restart: containerd may still hold an answer with
 * numbers of the process before, and must find nothing there rather than another layer. Safe for use by many threads.
 */
final class MountPoints {
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,15}");

    private final Path root;
    private final Mounts mounts;
    private final AtomicLong next = new AtomicLong(1);
    private final AtomicInteger mounted = new AtomicInteger();

    /** Mounts. */
    interface Mounter {
        /** @param target an empty directory */
        void mount(Path target) throws IOException;
    }

    /** @param root made if it is not there */
    MountPoints(Path root, Mounts mounts) throws IOException {
        this.root = Files.createDirectories(root).toRealPath();
        this.mounts = mounts;
    }

    /** The directory that holds them all. */
    Path root() {
        return root;
    }

    /**
     * Mounts something at a place of its own.
     *
     * @return where
     */
    Path mount(Mounter mounter) throws IOException {
        Path directory = newDirectory();
        try {
            mounter.mount(directory);
        } catch (IOException e) {
            Files.delete(directory);
            throw e;
        }
        mounted.incrementAndGet();
        return directory;
    }

    /** How many mounts this object has made and not taken away again. */
    int count() {
        return mounted.get();
    }

    /** Unmounts at once for newcomers; overlays that use the mount keep it until they end. */
    void unmount(Path directory) throws IOException {
        mounts.unmount(directory, UnmountFlag.DETACH);
        mounted.decrementAndGet();
        Files.deleteIfExists(directory);
    }

    /** Detaches whatever an earlier process has mounted here; its overlays keep what they use. */
    void detachAll() throws IOException {
        for (MountTable.Mount mount : MountTable.read().under(root)) {
            mounts.unmount(Path.of(mount.mountPoint()), UnmountFlag.DETACH);
        }
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(root)) {
            for (Path directory : directories) {
                next.accumulateAndGet(number(directory) + 1, Math::max);
                Files.deleteIfExists(directory);
            }
        }
    }

    private static long number(Path directory) {
        String name = directory.getFileName().toString();
        return NUMBER.matcher(name).matches() ? Long.parseLong(name) : 0;
    }

    Path newDirectory() throws IOException {
        Path directory;
        do {
            directory = root.resolve(Long.toString(next.getAndIncrement()));
        } while (Files.exists(directory));
        return Files.createDirectory(directory);
    }
}
