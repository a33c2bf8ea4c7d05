package dev.sluice.e2e.registry;

import java.time.Duration;

/**
 * What a network path does to traffic.
 *
 * @param roundTrip added between a request and its response
 * @param bytesPerSecond shared by all connections, in each direction
 */
public record Shape(Duration roundTrip, long bytesPerSecond) {

    /** A near registry: 20 ms and 50 MB/s. */
    public static final Shape DEFAULT = new Shape(Duration.ofMillis(20), 50_000_000);

    public Shape {
        if (roundTrip.isNegative()) {
            throw new IllegalArgumentException("roundTrip is negative: " + roundTrip);
        }
        if (bytesPerSecond < 1) {
            throw new IllegalArgumentException("bytesPerSecond is less than 1: " + bytesPerSecond);
        }
    }

    Duration oneWay() {
        return roundTrip.dividedBy(2);
    }
}
