package dev.sluice.ondemand.fanotify;

import dev.sluice.fill.Priority;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** From an event to its answer: present ranges at once, absent ones from the completion of their fill. Safe for use by many threads. */
final class Fills {
    private static final Logger log = LoggerFactory.getLogger(Fills.class);

    private final Answers answers;
    private final Completion completion;

    Fills(Answers answers, Completion completion) {
        this.answers = answers;
        this.completion = completion;
    }

    /** Answers an event now or later; the slot is no longer the caller's. Blocks on nothing. */
    void serve(ServedLayer layer, Slot slot, long offset, long count) {
        try {
            if (!isPresent(layer, offset, count)) {
                // The answer is all that follows, and it reports its failures itself.
                CompletableFuture<Void> unused = fill(layer, offset, count)
                        .whenComplete((done, failure) -> answer(layer, slot, offset, count, failure));
                return;
            }
        } catch (RuntimeException | OutOfMemoryError e) {
            log.error("Layer {}: tried to fill {} bytes at {} but failed", layer.name(), count, offset, e);
            answers.deny(slot);
            return;
        }
        answers.allow(slot);
    }

    /** Fails if the range cannot be had; never throws. */
    CompletableFuture<Void> fill(ServedLayer layer, long offset, long count) {
        try {
            return layer.layer().fill(offset, count, Priority.DEMAND);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Whether all of a range is there that lies within the device. */
    boolean isPresent(ServedLayer layer, long offset, long count) {
        return offset >= layer.size() || layer.device().isPresent(offset, Math.min(count, layer.size() - offset));
    }

    private void answer(ServedLayer layer, Slot slot, long offset, long count, @Nullable Throwable failure) {
        boolean filled = false;
        try {
            filled = failure == null && isPresent(layer, offset, count);
            if (!filled) {
                log.warn(
                        "Layer {}: {} bytes at {} cannot be had, their reader gets an I/O error: {}",
                        layer.name(),
                        count,
                        offset,
                        failure == null ? "the fill did not bring them" : failure.toString());
            }
        } finally {
            // Whatever it was: without an answer the reader would wait for ever.
            if (filled) {
                answers.allow(slot);
            } else {
                answers.deny(slot);
            }
        }
        if (filled && layer.isMarked() && layer.isComplete()) {
            completion.check(layer);
        }
    }
}
