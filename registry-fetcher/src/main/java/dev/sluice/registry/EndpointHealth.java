package dev.sluice.registry;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which endpoints have failed lately. They are asked after the others for a while, never left out. Safe for use by many threads.
 */
final class EndpointHealth {
    private static final Duration PENALTY = Duration.ofSeconds(30);
    /** From so many on, those that are over are thrown away: endpoints are made anew when their configuration changes. */
    private static final int CROWDED = 64;

    private final TimeSource time;
    private final Map<Endpoint, Long> failedAt = new ConcurrentHashMap<>();

    EndpointHealth(TimeSource time) {
        this.time = time;
    }

    /** Returns whether that is news. */
    boolean failed(Endpoint endpoint) {
        boolean news = isWell(endpoint);
        failedAt.put(endpoint, time.nanoTime());
        if (failedAt.size() > CROWDED) {
            failedAt.keySet().removeIf(this::isWell);
        }
        return news;
    }

    void worked(Endpoint endpoint) {
        failedAt.remove(endpoint);
    }

    boolean isWell(Endpoint endpoint) {
        Long failed = failedAt.get(endpoint);
        return failed == null || time.nanoTime() - failed > PENALTY.toNanos();
    }
}
