package dev.sluice.fill;

import java.util.concurrent.CompletableFuture;

/** The fill engine's hold of one layer. Safe for use by many threads. */
public interface LayerFill extends AutoCloseable {
    /** The device that is filled. */
    DataDevice device();

    /**
     * Makes all pages that overlap a range present, verified. Returns at once, never blocks on I/O. The future completes on a
     * thread of the engine; it fails with an {@link java.io.IOException} if the bytes cannot be had, do not match their digest
     * or cannot be stored. Nobody else's wait is changed by {@link CompletableFuture#cancel cancelling} it; when nobody waits
     * for a span any more, its request is given up.
     *
     * @param offset in bytes, need not be aligned; bytes beyond the device's size count as present
     */
    CompletableFuture<Void> fill(long offset, long length, Priority priority);

    /** What filling of this layer has come to since it was opened; nothing if that is not counted. */
    default FillStatistics statistics() {
        return FillStatistics.NOTHING;
    }

    /** Fails what still waits, with an {@link java.io.IOException}, and lets the layer go. The device stays open. */
    @Override
    void close();
}
