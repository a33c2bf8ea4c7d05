package dev.sluice.fill;

/**
 * What filling has come to since the layer was opened.
 *
 * @param requests range requests to the blob
 * @param bytesFetched compressed bytes read from the blob, with gaps, what was read ahead and second attempts
 * @param bytesNeeded compressed bytes of the spans that somebody waited for
 * @param bytesWritten bytes written into the device
 * @param mismatches spans that did not match their digest
 * @param failures fills that failed, other than by being cancelled
 * @param waits fills that found something absent
 * @param waitNanos how long these took together, in nanoseconds
 */
public record FillStatistics(
        long requests,
        long bytesFetched,
        long bytesNeeded,
        long bytesWritten,
        long mismatches,
        long failures,
        long waits,
        long waitNanos) {
    /** Of what has not begun. */
    public static final FillStatistics NOTHING = new FillStatistics(0, 0, 0, 0, 0, 0, 0, 0);
}
