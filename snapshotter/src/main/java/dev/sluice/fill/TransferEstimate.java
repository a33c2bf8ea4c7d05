package dev.sluice.fill;

import org.jspecify.annotations.Nullable;

/**
 * What range requests to a blob have cost lately: time to the first byte, and bandwidth after it. Moving averages; until something was
 * measured, those of {@code prior}. Safe for use by many threads; a lost update does no harm.
 */
final class TransferEstimate {
    private static final double WEIGHT = 0.25;
    private static final double INITIAL_SECONDS = 0.05;
    private static final double INITIAL_BYTES_PER_SECOND = 20e6;
    /** Shorter transfers come out of one socket buffer and say nothing about bandwidth. */
    private static final long MEANINGFUL_BYTES = 64 << 10;

    private final @Nullable TransferEstimate prior;
    private volatile double firstByteSeconds;
    private volatile double bytesPerSecond;

    private TransferEstimate(@Nullable TransferEstimate prior) {
        this.prior = prior;
    }

    static TransferEstimate initial() {
        return new TransferEstimate(null);
    }

    /** An estimate that begins with this one's, and whose measurements this one takes part in. */
    TransferEstimate forOneBlob() {
        return new TransferEstimate(this);
    }

    /** @param nanos from the request to the first byte */
    void firstByte(long nanos) {
        firstByteSeconds = average(firstByteSeconds, nanos / 1e9);
        if (prior != null) {
            prior.firstByte(nanos);
        }
    }

    /**
     * @param bytes read after the first byte came
     * @param nanos spent waiting for them
     */
    void transferred(long bytes, long nanos) {
        if (bytes < MEANINGFUL_BYTES) {
            return;
        }
        bytesPerSecond = average(bytesPerSecond, bytes / Math.max(1e-6, nanos / 1e9));
        if (prior != null) {
            prior.transferred(bytes, nanos);
        }
    }

    /** Bytes that could be transferred in the time that a request takes to its first byte. */
    long bandwidthDelayProduct() {
        return (long) (firstByteSeconds() * bytesPerSecond());
    }

    private double firstByteSeconds() {
        double own = firstByteSeconds;
        return own > 0 ? own : prior != null ? prior.firstByteSeconds() : INITIAL_SECONDS;
    }

    private double bytesPerSecond() {
        double own = bytesPerSecond;
        return own > 0 ? own : prior != null ? prior.bytesPerSecond() : INITIAL_BYTES_PER_SECOND;
    }

    private static double average(double old, double sample) {
        return old > 0 ? old + WEIGHT * (sample - old) : sample;
    }
}
