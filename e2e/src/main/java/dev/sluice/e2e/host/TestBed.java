package dev.sluice.e2e.host;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * One private directory and everything that runs in it. Closing it, which also Ctrl-C does, stops what was started in reverse
 * order, unmounts what is mounted below the directory and deletes the directory. Thread-safe.
 */
public final class TestBed implements AutoCloseable {

    private final Path directory;
    private final Deque<AutoCloseable> resources = new ArrayDeque<>();
    private final Thread shutdownHook;
    private final boolean keeps;
    private boolean closed;

    private TestBed(Path directory, boolean keeps) {
        this.directory = directory;
        this.keeps = keeps;
        this.shutdownHook = new Thread(this::closeAtShutdown, "test bed shutdown");
    }

    /**
     * Makes a directory with a short name, because paths of unix sockets and mount options are short.
     *
     * @param parent not on overlayfs, which cannot hold the upper directory of another overlayfs
     */
    public static TestBed create(Path parent) throws IOException {
        Files.createDirectories(parent);
        TestBed bed = new TestBed(makeShort(parent.toRealPath(), "sl"), false);
        Runtime.getRuntime().addShutdownHook(bed.shutdownHook);
        return bed;
    }

    /**
     * In a directory that stays when it is closed, for what goes on after a restart of the machine.
     *
     * @param directory made if it is missing; short
     */
    public static TestBed keeping(Path directory) throws IOException {
        TestBed bed = new TestBed(Files.createDirectories(directory).toRealPath(), true);
        Runtime.getRuntime().addShutdownHook(bed.shutdownHook);
        return bed;
    }

    /** A test bed inside of this one, which may be closed sooner and is closed with it at the latest. */
    public TestBed nested() throws IOException {
        return add(new TestBed(makeShort(directory, "n"), false));
    }

    /** Like {@link Files#createTempDirectory}, whose names are too long for what is to fit behind them. */
    private static Path makeShort(Path parent, String prefix) throws IOException {
        FileAttribute<?> ownerOnly = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        int number = 0;
        while (true) {
            try {
                return Files.createDirectory(parent.resolve(prefix + number), ownerOnly);
            } catch (FileAlreadyExistsException taken) {
                number++;
            }
        }
    }

    public Path directory() {
        return directory;
    }

    /** Makes a directory below the private one. */
    public Path directory(String name) throws IOException {
        return Files.createDirectories(directory.resolve(name));
    }

    /** Remembers to close the resource; the last one added is closed first. */
    public synchronized <T extends AutoCloseable> T add(T resource) throws IOException {
        if (closed) {
            try {
                resource.close();
            } catch (Exception e) {
                throw new IOException("Tried to close " + resource + " but failed because: " + e.getMessage(), e);
            }
            throw new IOException("Tried to use the test bed but failed because: it is closed");
        }
        resources.push(resource);
        return resource;
    }

    /** @throws IOException the first failure; what comes after it is tried all the same */
    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        IOException failure = new IOException("Tried to clean up " + directory + " but failed");
        while (!resources.isEmpty()) {
            attempt(resources.pop(), failure);
        }
        attempt(() -> Mounts.unmountBelow(directory), failure);
        if (!keeps) {
            attempt(() -> Trees.delete(directory), failure);
        }
        if (Thread.currentThread() != shutdownHook) {
            removeShutdownHook();
        }
        if (failure.getSuppressed().length > 0) {
            throw failure;
        }
    }

    private static void attempt(AutoCloseable step, IOException failure) {
        try {
            step.close();
        } catch (Exception e) {
            failure.addSuppressed(e);
        }
    }

    private void removeShutdownHook() {
        try {
            Runtime.getRuntime().removeShutdownHook(shutdownHook);
        } catch (IllegalStateException alreadyShuttingDown) {
            // The hook waits for this very method, and then has nothing left to do.
            return;
        }
    }

    private void closeAtShutdown() {
        try {
            close();
        } catch (IOException e) {
            System.err.println(e.getMessage());
            for (Throwable suppressed : e.getSuppressed()) {
                System.err.println("  " + suppressed.getMessage());
            }
        }
    }
}
