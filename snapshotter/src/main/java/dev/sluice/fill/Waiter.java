package dev.sluice.fill;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Somebody who waits for a range of pages. Guarded by the layer's lock, except what is final. */
final class Waiter {
    final long offset;
    final long end;
    final Priority priority;
    final long readAhead;
    final long startNanos = System.nanoTime();
    final CompletableFuture<Void> future = new CompletableFuture<>();
    /** The flights that it waits for now; for a long range, not all of those that it needs. */
    final Set<Flight> flights = new LinkedHashSet<>();

    /** Compressed bytes of these. */
    long bytes;
    /** Up to where flights were looked for. */
    long cursor;

    int rounds;
    boolean done;

    /** Whether it stands in the statistics; what we fetch ahead of a reader does not. */
    final boolean counted;

    /**
     * @param offset in the device
     * @param end exclusive
     * @param readAhead bytes that may be fetched beyond the end
     */
    Waiter(long offset, long end, Priority priority, long readAhead, boolean counted) {
        this.counted = counted;
        this.offset = offset;
        this.end = end;
        this.priority = priority;
        this.readAhead = readAhead;
        this.cursor = offset;
    }
}
