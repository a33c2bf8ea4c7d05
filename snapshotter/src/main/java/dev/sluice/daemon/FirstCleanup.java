package dev.sluice.daemon;

import dev.sluice.snapshot.Snapshots;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes, beside everything else, what an earlier process left to be deleted: directories that no snapshot has, layers that nobody
 * refers to.
 */
final class FirstCleanup implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(FirstCleanup.class);
    private static final long GRACE_SECONDS = 10;

    private final Thread thread;

    private FirstCleanup(Thread thread) {
        this.thread = thread;
    }

    /** @param snapshots all references to layers are restored */
    static FirstCleanup start(Snapshots snapshots) {
        Thread thread = new Thread(() -> run(snapshots), "first-cleanup");
        thread.setDaemon(true);
        thread.start();
        return new FirstCleanup(thread);
    }

    private static void run(Snapshots snapshots) {
        try {
            snapshots.cleanup();
        } catch (IOException | RuntimeException e) {
            log.warn("Tried to delete what an earlier process left, and leave some for the next cleanup", e);
        }
    }

    /** Waits, for a bounded time; what is not deleted then is at the next start. */
    @Override
    public void close() throws InterruptedException {
        thread.join(TimeUnit.SECONDS.toMillis(GRACE_SECONDS));
    }
}
