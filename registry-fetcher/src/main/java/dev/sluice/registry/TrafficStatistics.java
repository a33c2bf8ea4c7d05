package dev.sluice.registry;

import static java.util.Objects.requireNonNull;

/**
 * What one host was asked, and has sent.
 *
 * @param host as in the URL, with its port if that is not the usual one; {@link #OTHERS} for all those that came when there were too many
 * @param code status of the answers, or {@link #NO_ANSWER}
 * @param requests how many were answered with it
 */
public record TrafficStatistics(String host, String code, long requests) {
    /** Stands for the hosts beyond those that are counted one by one. */
    public static final String OTHERS = "others";
    /** Code of requests that were never answered: not reached, not in time, or broken off. */
    public static final String NO_ANSWER = "none";

    public TrafficStatistics {
        requireNonNull(host, "host is null");
        requireNonNull(code, "code is null");
    }

    /**
     * What one host has sent.
     *
     * @param bytes of the bodies of its answers
     */
    public record Received(String host, long bytes) {
        public Received {
            requireNonNull(host, "host is null");
        }
    }
}
