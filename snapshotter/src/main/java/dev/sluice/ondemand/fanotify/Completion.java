package dev.sluice.ondemand.fanotify;

import dev.sluice.linux.FanotifyGroup;
import dev.sluice.ondemand.ServingThreads;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the mark off layers that are complete: from then on the kernel reads them alone. A reader cannot come in between: while it is marked
 * he is asked for, and once it is not all bytes are there and durable. Safe for use by many threads.
 */
final class Completion implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Completion.class);

    private final FanotifyGroup group;
    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "fanotify-complete");
        thread.setDaemon(true);
        return thread;
    });

    Completion(FanotifyGroup group) {
        this.group = group;
    }

    /** Looks at all layers from time to time: some are completed while nobody asks. */
    void watch(Supplier<List<ServedLayer>> layers, Duration interval) {
        // Each look reports its failures itself.
        ScheduledFuture<?> unused = executor.scheduleWithFixedDelay(
                () -> layers.get().forEach(this::completeIfWhole),
                interval.toMillis(),
                interval.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    /** Looks at a layer soon. */
    void check(ServedLayer layer) {
        try {
            executor.execute(() -> completeIfWhole(layer));
        } catch (RejectedExecutionException e) {
            log.debug("closed meanwhile", e);
        }
    }

    /**
     * Takes the mark off if all bytes are there, and survive a crash of the machine.
     *
     * @return whether the layer has no mark now
     */
    boolean unmark(ServedLayer layer) throws IOException {
        if (!layer.isComplete()) {
            return false;
        }
        // What cannot be made durable is absent afterwards.
        layer.device().sync();
        if (!layer.isComplete()) {
            return false;
        }
        group.unmark(layer.file());
        layer.setUnmarked();
        Files.deleteIfExists(layer.marker());
        return true;
    }

    private void completeIfWhole(ServedLayer layer) {
        try {
            if (layer.isMarked() && unmark(layer)) {
                log.info("Layer {} is complete and needs this process no longer", layer.name());
            }
        } catch (IOException | RuntimeException e) {
            log.warn("Layer {} is complete but keeps its mark for now: {}", layer.name(), e.toString());
        }
    }

    /** Looks at nothing any more; returns when no look is under way. */
    @Override
    public void close() {
        ServingThreads.end(executor);
    }
}
