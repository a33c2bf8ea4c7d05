package dev.sluice.e2e.registry;

/**
 * One direction of a network path: a queue in front of a wire of limited bandwidth. Who sends first is served first, so
 * connections that send at the same time share the bandwidth. Thread-safe.
 */
final class Link {

    private static final long NANOS_PER_SECOND = 1_000_000_000;

    /** How far a sender that woke up late may catch up. */
    private static final long CATCH_UP_NANOS = 2_000_000;

    private final long bytesPerSecond;
    private long idleAt;
    private long bytes;

    /** @param now a reading of {@link System#nanoTime()} */
    Link(long bytesPerSecond, long now) {
        this.bytesPerSecond = bytesPerSecond;
        this.idleAt = now;
    }

    /**
     * Puts a packet on the wire.
     *
     * @return when its last byte has left the wire, on the clock of {@code now} and not before it
     */
    synchronized long send(int length, long now) {
        long start = idleAt - now > -CATCH_UP_NANOS ? idleAt : now - CATCH_UP_NANOS;
        idleAt = start + length * NANOS_PER_SECOND / bytesPerSecond;
        bytes += length;
        return idleAt - now > 0 ? idleAt : now;
    }

    /** Bytes sent so far. */
    synchronized long bytes() {
        return bytes;
    }
}
