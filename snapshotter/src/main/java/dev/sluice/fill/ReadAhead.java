package dev.sluice.fill;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Recognizes streams of sequential reads among the reads of a layer, and says how far ahead of each to fetch. Several streams may run
 * at once. The distance grows with every step, of a short stream not beyond what it has come, and the next step begins while the reader is still in the middle of the last
 * one, so that a stream does not wait for a request's first byte again and again.
 *
 * <p>{@link #reached} is safe for use by many threads; everything else is guarded by the layer's lock. All values are in bytes of the
 * device.
 */
final class ReadAhead {
    private static final int STREAMS = 8;
    private static final long NOWHERE = Long.MAX_VALUE;
    /** The kernel reads ahead itself, and its requests may overtake each other. */
    private static final long SLACK = 512 << 10;

    private static final long SMALLEST_STEP = 128 << 10;
    private static final long SHORT = 4 << 20;
    private static final long MAX_FOR_RANDOM_READS = 256 << 10;

    private final long max;
    private final Stream[] streams = new Stream[STREAMS];
    /** By stream: the offset whose reading starts the next step. */
    private final AtomicLongArray marks = new AtomicLongArray(STREAMS);

    private long clock;

    private static final class Stream {
        private long start;
        private long next = -2 * SLACK;
        private long window;
        /** Up to here it was said to fetch. */
        private long ahead = next;

        private long lastUse;
    }

    /**
     * What is worth fetching beside a read.
     *
     * @param extra how many bytes beyond it, if they come with its own request
     * @param from where something else begins that should be fetched now
     * @param to where it ends; {@code from} if there is nothing else
     */
    record Advice(long extra, long from, long to) {
        static final Advice NOTHING = new Advice(0, 0, 0);
    }

    /** @param max most bytes to fetch ahead */
    ReadAhead(long max) {
        this.max = max;
        Arrays.setAll(streams, i -> new Stream());
        for (int i = 0; i < STREAMS; i++) {
            marks.set(i, NOWHERE);
        }
    }

    /**
     * Takes note of a read that found something absent.
     *
     * @param end of the read, exclusive
     * @param bandwidthDelayProduct bytes that cost as much time as a request does
     */
    Advice missed(long offset, long end, long bandwidthDelayProduct) {
        int oldest = 0;
        for (int i = 0; i < STREAMS; i++) {
            Stream stream = streams[i];
            // Reads of what was fetched ahead are not seen here.
            if (offset >= stream.next - SLACK && offset <= Math.max(stream.next, stream.ahead) + SLACK) {
                return missedInStream(i, offset, end, bandwidthDelayProduct);
            }
            if (stream.lastUse < streams[oldest].lastUse) {
                oldest = i;
            }
        }
        Stream stream = streams[oldest];
        stream.start = offset;
        stream.next = end;
        stream.ahead = end;
        stream.window = 0;
        stream.lastUse = ++clock;
        marks.set(oldest, NOWHERE);
        return new Advice(Math.min(max, Math.min(MAX_FOR_RANDOM_READS, bandwidthDelayProduct / 4)), 0, 0);
    }

    /** Whether a read of present bytes is one that {@link #next} should be asked about. Quick. */
    boolean reached(long offset, long end) {
        for (int i = 0; i < STREAMS; i++) {
            if (isMarked(i, offset, end)) {
                return true;
            }
        }
        return false;
    }

    /** What to fetch now that a read of present bytes has come so far; nothing if another read has asked already. */
    Advice next(long offset, long end, long bandwidthDelayProduct) {
        for (int i = 0; i < STREAMS; i++) {
            if (isMarked(i, offset, end)) {
                return step(i, offset, end, bandwidthDelayProduct);
            }
        }
        return Advice.NOTHING;
    }

    private Advice missedInStream(int i, long offset, long end, long bandwidthDelayProduct) {
        Stream stream = streams[i];
        stream.lastUse = ++clock;
        boolean onItsWay = stream.window > 0 && end <= stream.ahead;
        if (onItsWay && !isMarked(i, offset, end)) {
            stream.next = Math.max(stream.next, end);
            // If the reader is faster than the queue, what is queued behind it comes along, not span by span.
            return new Advice(stream.ahead - end, 0, 0);
        }
        return step(i, offset, end, bandwidthDelayProduct);
    }

    private Advice step(int i, long offset, long end, long bandwidthDelayProduct) {
        Stream stream = streams[i];
        stream.next = Math.max(stream.next, end);
        stream.lastUse = ++clock;
        // Most streams are short, and what is fetched behind their end is for nothing.
        long come = Math.max(SMALLEST_STEP, stream.next - stream.start);
        long bound = come < SHORT ? come : max;
        stream.window = Math.min(
                Math.min(max, bound), Math.max(2 * stream.window, Math.max(SMALLEST_STEP, bandwidthDelayProduct)));
        long from = Math.max(stream.ahead, end);
        long decided = from - end;
        boolean overtaken = offset >= stream.ahead;
        stream.ahead = from + stream.window;
        marks.set(i, stream.window == 0 ? NOWHERE : from + stream.window / 2);
        return overtaken ? new Advice(stream.window, from, from) : new Advice(decided, from, stream.ahead);
    }

    private boolean isMarked(int i, long offset, long end) {
        long mark = marks.get(i);
        return offset <= mark && mark < end;
    }
}
