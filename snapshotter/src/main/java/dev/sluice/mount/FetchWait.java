package dev.sluice.mount;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/**
 * How long a caller waits for a layer that is fetched as a whole.
 *
 * @param most at most so long; empty wait is allowed
 * @param abandoned whether the caller has gone away
 */
record FetchWait(Duration most, BooleanSupplier abandoned) {
    /** How soon a caller's going away is noticed. */
    private static final Duration STEP = Duration.ofMillis(250);

    private static final Duration FOREVER = Duration.ofDays(365);

    static FetchWait atMost(Duration most) {
        return new FetchWait(most, () -> false);
    }

    static FetchWait until(BooleanSupplier abandoned) {
        return new FetchWait(FOREVER, abandoned);
    }

    /** Waits. Whether the fetch has come to its end, good or bad. */
    boolean isOver(CompletableFuture<?> fetch) throws InterruptedException {
        long end = System.nanoTime() + most.toNanos();
        while (true) {
            long left = end - System.nanoTime();
            try {
                fetch.get(Math.max(0, Math.min(left, STEP.toNanos())), TimeUnit.NANOSECONDS);
                return true;
            } catch (ExecutionException e) {
                return true;
            } catch (TimeoutException e) {
                if (left <= 0 || abandoned.getAsBoolean()) {
                    return false;
                }
            }
        }
    }
}
