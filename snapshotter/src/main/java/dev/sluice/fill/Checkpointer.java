package dev.sluice.fill;

import java.io.IOException;
import java.time.Duration;
import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Syncs devices a while after they were written to, so that nobody has to wait for a sync per write. One thread for all devices,
 * which is not there while nothing is written. Safe for use by many threads.
 */
final class Checkpointer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Checkpointer.class);

    private final Duration interval;
    private final ScheduledThreadPoolExecutor executor;
    private final Set<DataDevice> dirty = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean scheduled = new AtomicBoolean();

    /** @param interval from the first write to the sync */
    Checkpointer(Duration interval) {
        this.interval = interval;
        executor = new ScheduledThreadPoolExecutor(1, DaemonThreads.named("sluice-checkpoint"));
        executor.setKeepAliveTime(interval.toMillis() + 1_000, TimeUnit.MILLISECONDS);
        executor.allowCoreThreadTimeOut(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /** Says that a device was written to. Quick. */
    void written(DataDevice device) {
        dirty.add(device);
        if (scheduled.compareAndSet(false, true)) {
            try {
                ScheduledFuture<?> unused = executor.schedule(this::run, interval.toMillis(), TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException e) {
                LOG.debug("written to after the last checkpoint; whoever closes the device syncs it", e);
            }
        }
    }

    /** Leaves a device to its owner, who is about to close it. */
    void forget(DataDevice device) {
        dirty.remove(device);
    }

    private void run() {
        // First: a write from now on needs the next run.
        scheduled.set(false);
        for (Iterator<DataDevice> i = dirty.iterator(); i.hasNext(); ) {
            DataDevice device = i.next();
            i.remove();
            sync(device);
        }
    }

    private void sync(DataDevice device) {
        try {
            device.sync();
        } catch (IOException | RuntimeException e) {
            LOG.warn("Tried to sync a data device but failed; its next checkpoint tries again", e);
            written(device);
        }
    }

    /** Ends the thread; a sync that runs goes on to its end. Whoever closes a device syncs it. */
    @Override
    public void close() {
        executor.shutdown();
    }
}
