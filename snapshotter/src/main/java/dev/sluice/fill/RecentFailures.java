package dev.sluice.fill;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Fetches that took long to fail, for a moment. When a read fails, the kernel asks for the same bytes again, page by page and at once, before
 * it tells the reader; if each of these had a deadline of its own, the reader would wait for many. Who asks after that moment is
 * served anew. Guarded by the layer's lock.
 */
final class RecentFailures {
    /** What fails sooner may as well be tried again. */
    static final Duration LONG = Duration.ofSeconds(1);

    static final Duration MOMENT = Duration.ofSeconds(2);

    /** From so many on, those that are over are thrown away. */
    private static final int CROWDED = 256;

    private final LongSupplier nanoTime;
    private final Map<Long, Failure> failures = new HashMap<>();

    private record Failure(IOException error, long at) {}

    /** @param nanoTime as {@link System#nanoTime} */
    RecentFailures(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** @param since when the work began that failed now, by the same clock */
    void failed(long key, long since, IOException error) {
        long now = nanoTime.getAsLong();
        if (now - since < LONG.toNanos()) {
            return;
        }
        if (failures.size() >= CROWDED) {
            failures.values().removeIf(failure -> isOver(failure, now));
        }
        failures.put(key, new Failure(error, now));
    }

    void worked(long key) {
        failures.remove(key);
    }

    /** Why it is not worth trying. */
    Optional<IOException> of(long key) {
        Failure failure = failures.get(key);
        if (failure == null) {
            return Optional.empty();
        }
        if (isOver(failure, nanoTime.getAsLong())) {
            failures.remove(key);
            return Optional.empty();
        }
        return Optional.of(failure.error);
    }

    private static boolean isOver(Failure failure, long now) {
        return now - failure.at >= MOMENT.toNanos();
    }
}
