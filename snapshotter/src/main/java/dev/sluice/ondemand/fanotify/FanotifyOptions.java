package dev.sluice.ondemand.fanotify;

import java.time.Duration;

/**
 * How a fanotify group is served.
 *
 * @param threads how many threads read events; they never wait for data, so a few are enough
 * @param completionInterval how often layers are looked at that may have become complete
 */
public record FanotifyOptions(int threads, Duration completionInterval) {
    public FanotifyOptions {
        if (threads < 1) {
            throw new IllegalArgumentException("no threads: " + threads);
        }
        if (completionInterval.toMillis() < 1) {
            throw new IllegalArgumentException("no interval: " + completionInterval);
        }
    }

    /** What suits this machine. */
    public static FanotifyOptions defaults() {
        int processors = Runtime.getRuntime().availableProcessors();
        return new FanotifyOptions(Math.max(2, Math.min(4, processors)), Duration.ofSeconds(10));
    }
}
