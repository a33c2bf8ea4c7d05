package dev.sluice.fill;

import java.time.Duration;
import java.util.List;

/**
 * How long readers have waited for what was absent.
 *
 * @param counts of waits up to each of {@link #BOUNDS} and longer than the one before; last, those longer than all
 * @param total of all waits together
 */
public record WaitTimes(List<Long> counts, Duration total) {
    /** From what a page costs that is on its way already to what a registry that is out of order costs. */
    public static final List<Duration> BOUNDS = List.of(
            Duration.ofMillis(1),
            Duration.ofMillis(5),
            Duration.ofMillis(10),
            Duration.ofMillis(25),
            Duration.ofMillis(50),
            Duration.ofMillis(100),
            Duration.ofMillis(250),
            Duration.ofMillis(500),
            Duration.ofSeconds(1),
            Duration.ofMillis(2500),
            Duration.ofSeconds(5),
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofSeconds(60));

    public WaitTimes {
        counts = List.copyOf(counts);
        if (counts.size() != BOUNDS.size() + 1) {
            throw new IllegalArgumentException("there are " + (BOUNDS.size() + 1) + " counts, not " + counts.size());
        }
    }
}
