package dev.sluice.daemon;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/** The root directory, made with mode 0700 and held by a lock so that one process at a time uses it. */
final class RootDirectory implements AutoCloseable {
    private final Path path;
    private final FileChannel channel;

    private RootDirectory(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /** @throws IOException if it cannot be made, or another process uses it */
    static RootDirectory open(Path path) throws IOException {
        Files.createDirectories(path);
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx------"));
        FileChannel channel =
                FileChannel.open(path.resolve(RootLayout.LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw new IOException("another process uses the root directory " + path);
            }
            return new RootDirectory(path.toRealPath(), channel);
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw new IOException("this process uses the root directory " + path + " already", e);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    Path path() {
        return path;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
