package dev.sluice.fill;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Counts for a layer and, at the same time, for all layers. Safe for use by many threads. */
final class FillCounters {
    private final @Nullable FillCounters all;
    private final AtomicLong requests = new AtomicLong();
    private final AtomicLong bytesFetched = new AtomicLong();
    private final AtomicLong bytesNeeded = new AtomicLong();
    private final AtomicLong bytesWritten = new AtomicLong();
    private final AtomicLong mismatches = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    private final AtomicLong waits = new AtomicLong();
    private final AtomicLong waitNanos = new AtomicLong();
    /** See {@link WaitTimes#counts}. */
    private final AtomicLongArray waitTimes = new AtomicLongArray(WaitTimes.BOUNDS.size() + 1);

    private FillCounters(@Nullable FillCounters all) {
        this.all = all;
    }

    static FillCounters ofAllLayers() {
        return new FillCounters(null);
    }

    FillCounters ofOneLayer() {
        return new FillCounters(this);
    }

    void request() {
        requests.incrementAndGet();
        if (all != null) {
            all.request();
        }
    }

    void fetched(long bytes) {
        bytesFetched.addAndGet(bytes);
        if (all != null) {
            all.fetched(bytes);
        }
    }

    void needed(long bytes) {
        bytesNeeded.addAndGet(bytes);
        if (all != null) {
            all.needed(bytes);
        }
    }

    void written(long bytes) {
        bytesWritten.addAndGet(bytes);
        if (all != null) {
            all.written(bytes);
        }
    }

    void mismatch() {
        mismatches.incrementAndGet();
        if (all != null) {
            all.mismatch();
        }
    }

    void failure() {
        failures.incrementAndGet();
        if (all != null) {
            all.failure();
        }
    }

    void waited(long nanos) {
        waits.incrementAndGet();
        waitNanos.addAndGet(nanos);
        waitTimes.incrementAndGet(bucket(nanos));
        if (all != null) {
            all.waited(nanos);
        }
    }

    private static int bucket(long nanos) {
        int bucket = 0;
        while (bucket < WaitTimes.BOUNDS.size()
                && nanos > WaitTimes.BOUNDS.get(bucket).toNanos()) {
            bucket++;
        }
        return bucket;
    }

    WaitTimes waitTimes() {
        return new WaitTimes(
                LongStream.range(0, waitTimes.length())
                        .map(i -> waitTimes.get((int) i))
                        .boxed()
                        .toList(),
                Duration.ofNanos(waitNanos.get()));
    }

    FillStatistics snapshot() {
        return new FillStatistics(
                requests.get(),
                bytesFetched.get(),
                bytesNeeded.get(),
                bytesWritten.get(),
                mismatches.get(),
                failures.get(),
                waits.get(),
                waitNanos.get());
    }
}
