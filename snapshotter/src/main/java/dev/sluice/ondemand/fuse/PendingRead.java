package dev.sluice.ondemand.fuse;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A read that waits for its bytes. Whoever wins {@link #claim} answers it, once. Safe for use by many threads. */
final class PendingRead {
    private final long unique;
    private final int thread;
    private final Node node;
    private final long offset;
    private final int length;
    private final int slot;
    private final AtomicBoolean claimed = new AtomicBoolean();
    private volatile boolean abandoned;
    private volatile @Nullable CompletableFuture<Void> fill;

    /**
     * A read that was noted.
     *
     * @param thread that reads, 0 if unknown
     * @param slot to be released once it is answered
     */
    PendingRead(long unique, int thread, Node node, long offset, int length, int slot) {
        this.unique = unique;
        this.thread = thread;
        this.node = node;
        this.offset = offset;
        this.length = length;
        this.slot = slot;
    }

    long unique() {
        return unique;
    }

    int thread() {
        return thread;
    }

    Node node() {
        return node;
    }

    long offset() {
        return offset;
    }

    int length() {
        return length;
    }

    int slot() {
        return slot;
    }

    /** Whether the caller is the one who answers. */
    boolean claim() {
        return claimed.compareAndSet(false, true);
    }

    /** Cancels the fill, now or as soon as it is known. Only after {@link #claim}. */
    void abandonFill() {
        abandoned = true;
        CompletableFuture<Void> known = fill;
        if (known != null) {
            known.cancel(false);
        }
    }

    /** @param fill what the read waits for */
    void waitsFor(CompletableFuture<Void> fill) {
        this.fill = fill;
        if (abandoned) {
            fill.cancel(false);
        }
    }
}
