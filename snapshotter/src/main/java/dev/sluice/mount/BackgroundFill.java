package dev.sluice.mount;

import dev.sluice.fill.DataDevice;
import dev.sluice.fill.LayerFill;
import dev.sluice.fill.Priority;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Completes mounted layers while nobody waits, one after the other and piece by piece, so that they come to depend on no registry. Behind all
 * demand. Safe for use by many threads.
 */
final class BackgroundFill implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(BackgroundFill.class);

    private static final long PIECE = 1 << 20;

    private final Duration delay;
    private final long bytesPerSecond;
    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "background-fill");
        thread.setDaemon(true);
        return thread;
    });

    /** The first one is being filled. Guarded by this. */
    private final Deque<Layer> layers = new ArrayDeque<>();

    /** Whether a step is scheduled or under way; there is never more than one. Guarded by this. */
    private boolean running;

    private record Layer(String name, LayerFill fill, long notBefore) {}

    /**
     * @param delay from the mount of a layer to its turn, and after a failure
     * @param bytesPerSecond over all layers; 0 for no background filling
     */
    BackgroundFill(Duration delay, long bytesPerSecond) {
        this.delay = delay;
        this.bytesPerSecond = bytesPerSecond;
    }

    /** Whether anything is ever filled. */
    boolean isWanted() {
        return bytesPerSecond > 0;
    }

    /** A layer was mounted. Returns at once. */
    void add(String name, LayerFill fill) {
        if (!isWanted()) {
            return;
        }
        synchronized (this) {
            layers.addLast(new Layer(name, fill, System.nanoTime() + delay.toNanos()));
            if (running) {
                return;
            }
            running = true;
        }
        schedule(0);
    }

    /** A layer is being closed. */
    synchronized void remove(LayerFill fill) {
        layers.removeIf(layer -> layer.fill() == fill);
    }

    /** Whether there is anything to be filled. */
    synchronized boolean isRunning() {
        return running;
    }

    private void schedule(long nanos) {
        try {
            // Each step reports its failures itself.
            ScheduledFuture<?> unused = executor.schedule(this::step, nanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            log.debug("closed meanwhile", e);
        }
    }

    private void step() {
        Layer layer;
        synchronized (this) {
            layer = layers.peekFirst();
            if (layer == null) {
                running = false;
                return;
            }
        }
        long wait = layer.notBefore() - System.nanoTime();
        if (wait > 0) {
            schedule(wait);
            return;
        }
        DataDevice device = layer.fill().device();
        long from = device.firstAbsent(0);
        if (from >= device.size()) {
            log.info("Layer {} is complete", layer.name());
            next(layer);
            return;
        }
        long length = Math.min(PIECE, device.size() - from);
        // What follows reports its failures itself.
        CompletableFuture<Void> unused = fill(layer, from, length)
                .whenComplete((done, failure) -> filled(layer, device.firstAbsent(0) > from, failure));
    }

    private static CompletableFuture<Void> fill(Layer layer, long from, long length) {
        try {
            return layer.fill().fill(from, length, Priority.BACKGROUND);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private void filled(Layer layer, boolean progress, @Nullable Throwable failure) {
        if (failure == null && progress) {
            schedule(PIECE * TimeUnit.SECONDS.toNanos(1) / bytesPerSecond);
            return;
        }
        log.info("Layer {} cannot be completed now: {}", layer.name(), String.valueOf(failure));
        synchronized (this) {
            if (layers.remove(layer)) {
                layers.addLast(new Layer(layer.name(), layer.fill(), System.nanoTime() + delay.toNanos()));
            }
        }
        schedule(0);
    }

    private void next(Layer done) {
        synchronized (this) {
            layers.remove(done);
        }
        schedule(0);
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
