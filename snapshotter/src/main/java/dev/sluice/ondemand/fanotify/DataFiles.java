package dev.sluice.ondemand.fanotify;

import dev.sluice.linux.FileStatus;
import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.OpenFlags;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Opens data files such that our own writes raise no events. A file opened before it is marked is silent for ever. If it carries a mark of the
 * process before us it is not, but the descriptors that events bring are: we read beyond the end, and keep the descriptor that the event
 * of this read brings. Safe for use by many threads.
 */
final class DataFiles {
    private static final int OWN_PID = Math.toIntExact(ProcessHandle.current().pid());

    private final Linux linux;
    private final ExecutorService readers = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "fanotify-open");
        thread.setDaemon(true);
        return thread;
    });
    private volatile @Nullable Provocation provocation;
    private boolean closed;

    DataFiles(Linux linux) {
        this.linux = linux;
    }

    /** Our own read of a file beyond its end. */
    private static final class Provocation {
        private final long inode;
        private final long end;
        /** The event's descriptor, or {@link Protocol#NO_FD} if the read has brought no event. */
        private final CompletableFuture<Integer> descriptor = new CompletableFuture<>();

        Provocation(long inode, long end) {
            this.inode = inode;
            this.end = end;
        }
    }

    /** A silent data file. */
    record Opened(LinuxFile file, long inode) {}

    /**
     * Opens a data file, and creates it if it is missing. Waits for a thread that reads events, so must not be called by one.
     *
     * @throws IOException if it cannot be opened, or {@link #close} was called
     */
    synchronized Opened open(Path path) throws IOException {
        if (closed) {
            throw new IOException("Tried to open " + path + " but nobody reads events any more");
        }
        LinuxFile opened = linux.open(path, OpenFlags.O_RDWR | OpenFlags.O_CREAT, 0600);
        try {
            FileStatus status = opened.status();
            Provocation own = new Provocation(status.inode(), status.size());
            provocation = own;
            // On a thread of its own: the event is here before the read returns, and the answer may have to wait for
            // another one.
            readers.execute(() -> provoke(opened, own));
            int descriptor = own.descriptor.join();
            if (descriptor == Protocol.NO_FD) {
                return new Opened(opened, own.inode);
            }
            opened.close();
            return new Opened(linux.adopt(descriptor, path.toString()), own.inode);
        } catch (IOException e) {
            opened.close();
            throw e;
        } catch (CompletionException e) {
            opened.close();
            throw new IOException("Tried to open " + path + " but failed because: " + e.getCause(), e);
        } finally {
            provocation = null;
        }
    }

    private static void provoke(LinuxFile file, Provocation own) {
        try {
            file.read(ByteBuffer.allocateDirect(1), own.end);
            own.descriptor.complete(Protocol.NO_FD);
        } catch (IOException | RuntimeException e) {
            own.descriptor.completeExceptionally(e);
        }
    }

    /**
     * Whether an event is that of {@link #open}'s own read. Then its descriptor is taken; it has to be allowed and not to be closed.
     * Such a read gets no bytes, so it needs none.
     */
    boolean takes(Event event, long inode) {
        Provocation current = provocation;
        return current != null
                && event.pid() == OWN_PID
                && current.inode == inode
                && event.offset() >= current.end
                && current.descriptor.complete(event.fd());
    }

    /** Waits until nobody opens anything, and lets nobody do so any more. */
    synchronized void close() {
        closed = true;
        readers.shutdown();
    }
}
