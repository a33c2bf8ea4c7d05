package dev.sluice.e2e.registry;

import java.time.Duration;

/** Gives so much, then nothing for a while. Thread-safe. */
final class Quota {
    private final int most;
    private final long pauseNanos;
    private int taken;
    private long closedAt;
    private boolean closed;

    /** @param pause how long nothing is given, from the first refusal on */
    Quota(int most, Duration pause) {
        this.most = most;
        this.pauseNanos = pause.toNanos();
    }

    /** @param nanoTime as {@link System#nanoTime} */
    synchronized boolean take(long nanoTime) {
        if (closed && nanoTime - closedAt >= pauseNanos) {
            closed = false;
            taken = 0;
        }
        if (!closed && taken == most) {
            closed = true;
            closedAt = nanoTime;
        }
        if (closed) {
            return false;
        }
        taken++;
        return true;
    }
}
