package dev.sluice.fill;

import static java.util.Objects.requireNonNull;

import dev.sluice.layer.Blob;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One span, or one block of pages that no extent covers, on its way into the device. All fields are guarded by the layer's lock, except
 * what is final.
 */
final class Flight {
    /** Bytes of zeros that make one flight, and their alignment in the device. */
    static final long ZERO_BLOCK = 1 << 20;

    enum State {
        QUEUED,
        FETCHING,
        /** Its compressed bytes are here. */
        DECODING,
        /** Over, or given up. */
        DONE
    }

    final FilledLayer layer;
    /** A span, or {@code -1 - block} for a block of zeros. */
    final long key;

    final List<Waiter> waiters = new ArrayList<>(2);
    State state = State.QUEUED;
    Priority priority;
    long readAhead;
    Blob.Source source = Blob.Source.ANY;
    /** Its request broke before; it gets one of its own. */
    boolean restarted;

    boolean needed;

    @Nullable
    FetchRequest request;

    /** When it came into being, as of the engine's clock. */
    final long began;

    Flight(FilledLayer layer, long key, Priority priority, long began) {
        this.layer = requireNonNull(layer);
        this.key = key;
        this.priority = priority;
        this.began = began;
    }

    static long keyOfZeros(long deviceOffset) {
        return -1 - deviceOffset / ZERO_BLOCK;
    }

    boolean isZeros() {
        return key < 0;
    }

    int span() {
        return Math.toIntExact(key);
    }

    /** Where a block of zeros begins in the device. */
    long zeroOffset() {
        return (-1 - key) * ZERO_BLOCK;
    }
}
