package dev.sluice.registry;

import java.time.Duration;

/** What {@link Duration} lacks. */
final class Durations {
    private Durations() {}

    static Duration min(Duration a, Duration b) {
        return a.compareTo(b) <= 0 ? a : b;
    }
}
