package dev.sluice.registry;

import java.time.Duration;

/** A point in time that several calls share. Immutable. */
public final class Deadline {
    private final TimeSource time;
    private final long end;

    private Deadline(TimeSource time, long end) {
        this.time = time;
        this.end = end;
    }

    /** So long from now. */
    public static Deadline after(Duration duration) {
        return after(duration, TimeSource.SYSTEM);
    }

    static Deadline after(Duration duration, TimeSource time) {
        return new Deadline(time, time.nanoTime() + duration.toNanos());
    }

    /** What is left; zero when it has passed. */
    public Duration remaining() {
        return Duration.ofNanos(Math.max(0, end - time.nanoTime()));
    }

    /** Whether nothing is left. */
    public boolean hasPassed() {
        return remaining().isZero();
    }
}
