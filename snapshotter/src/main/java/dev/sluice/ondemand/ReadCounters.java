package dev.sluice.ondemand;

import java.util.concurrent.atomic.LongAdder;

/** Counts what the kernel asks for. Safe for use by many threads; none waits for another. */
public final class ReadCounters {
    private final LongAdder asked = new LongAdder();
    private final LongAdder served = new LongAdder();
    private final LongAdder failed = new LongAdder();

    /** The kernel asks; {@link #served} or {@link #failed} follows. */
    public void asked() {
        asked.increment();
    }

    public void served() {
        served.increment();
    }

    public void failed() {
        failed.increment();
    }

    /** The counts of about now. */
    public ReadStatistics snapshot() {
        // Answers before questions: what is answered meanwhile must not count as more than was asked.
        long errors = failed.sum();
        long answers = served.sum() + errors;
        long reads = asked.sum();
        return new ReadStatistics(reads, errors, Math.max(0, reads - answers));
    }
}
