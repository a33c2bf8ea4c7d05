package dev.sluice.fill;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * Bounds of a fill engine.
 *
 * @param fetchThreads most range requests at once, at least 1; a part is kept free for readers who wait
 * @param decodeThreads most spans that are decoded at once, at least 1
 * @param memory bytes of buffers for spans in flight; a span that needs more is fetched alone
 * @param maxRequest bytes that a merged request may have; a longer span is fetched alone
 * @param maxReadAhead bytes that may be fetched beyond what was asked for; 0 turns reading ahead off
 * @param checkpointInterval from a write to the sync that makes it durable
 * @param idle after how long threads without work end
 */
public record FillOptions(
        int fetchThreads,
        int decodeThreads,
        long memory,
        long maxRequest,
        long maxReadAhead,
        Duration checkpointInterval,
        Duration idle) {
    private static final long MIB = 1 << 20;

    public FillOptions {
        if (fetchThreads < 1 || decodeThreads < 1) {
            throw new IllegalArgumentException(
                    "too few threads: " + fetchThreads + " to fetch, " + decodeThreads + " to decode");
        }
        if (memory < 1 || maxRequest < 1 || maxReadAhead < 0) {
            throw new IllegalArgumentException("bounds are out of range: memory " + memory + ", request " + maxRequest
                    + ", read-ahead " + maxReadAhead);
        }
        requireNonNull(checkpointInterval, "checkpointInterval is null");
        requireNonNull(idle, "idle is null");
        if (checkpointInterval.isNegative() || idle.isNegative() || idle.isZero()) {
            throw new IllegalArgumentException(
                    "times are out of range: checkpoint " + checkpointInterval + ", idle " + idle);
        }
    }

    /** 16 requests, a decoder per core, at most 128 MiB but half the heap's bound, a checkpoint every five seconds. */
    public static FillOptions defaults() {
        Runtime runtime = Runtime.getRuntime();
        return new FillOptions(
                16,
                runtime.availableProcessors(),
                Math.min(128 * MIB, runtime.maxMemory() / 2),
                16 * MIB,
                16 * MIB,
                Duration.ofSeconds(5),
                Duration.ofSeconds(30));
    }
}
