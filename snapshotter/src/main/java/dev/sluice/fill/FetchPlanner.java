package dev.sluice.fill;

import java.util.ArrayList;
import java.util.List;

/**
 * Decides which spans share a range request. Pure.
 *
 * <p>A request is built around one span that is wanted. Wanted neighbours join it if the gap to them costs less than a request of
 * their own; useful ones, which nobody asked for yet, join behind the last wanted one as far as reading ahead goes.
 */
final class FetchPlanner {
    /** How much of two spans may overlap in the blob if they are to share a request; spans that begin inside of a byte do. */
    static final int MAX_OVERLAP = 64 << 10;

    /** Bounds the time that planning takes. */
    private static final int MAX_STEPS = 4096;

    private FetchPlanner() {}

    /** Whether a span should be fetched. */
    enum Want {
        /** Present, in flight, or otherwise not to be fetched. */
        NO,
        /** Absent; may be fetched if it comes cheap. */
        USEFUL,
        /** Somebody asked for it. */
        WANTED
    }

    /** Spans in the order of their offset in the blob; all values in bytes. */
    interface Spans {
        int count();

        long offset(int position);

        long length(int position);

        Want want(int position);
    }

    /**
     * @param gap most bytes between two spans that are fetched for nothing
     * @param readAhead most bytes behind the last wanted span
     * @param request most bytes of a request with more than one span
     */
    record Limits(long gap, long readAhead, long request) {
        /** Limits that fit what requests have cost. */
        static Limits of(long bandwidthDelayProduct, long readAhead, long maxRequest) {
            long gap = Math.max(16 << 10, Math.min(512 << 10, bandwidthDelayProduct / 2));
            long request = Math.max(1 << 20, Math.min(maxRequest, 4 * bandwidthDelayProduct));
            return new Limits(gap, readAhead, Math.min(maxRequest, request));
        }
    }

    /**
     * One range request.
     *
     * @param from offset in the blob, inclusive
     * @param to offset in the blob, exclusive
     * @param positions of the spans in it, ascending; neither begin nor end of a span lies before that of an earlier one
     */
    record Plan(long from, long to, List<Integer> positions) {
        Plan {
            positions = List.copyOf(positions);
        }
    }

    /** Plans the request that fetches the span at {@code seed}. */
    static Plan plan(Spans spans, int seed, Limits limits) {
        long from = spans.offset(seed);
        long to = from + spans.length(seed);
        List<Integer> before = new ArrayList<>();
        long firstEnd = to;
        for (int i = seed - 1, steps = 0; i >= 0 && steps < MAX_STEPS; i--, steps++) {
            long offset = spans.offset(i);
            long end = offset + spans.length(i);
            if (from - end > limits.gap || to - offset > limits.request) {
                break;
            }
            if (end < firstEnd && end - from <= MAX_OVERLAP && spans.want(i) == Want.WANTED) {
                before.add(i);
                from = offset;
                firstEnd = end;
            }
        }
        List<Integer> positions = new ArrayList<>();
        for (int i = before.size() - 1; i >= 0; i--) {
            positions.add(before.get(i));
        }
        positions.add(seed);
        long wantedEnd = to;
        for (int i = seed + 1, steps = 0; i < spans.count() && steps < MAX_STEPS; i++, steps++) {
            long offset = spans.offset(i);
            long end = offset + spans.length(i);
            if (offset - to > limits.gap || offset - from >= limits.request) {
                break;
            }
            if (end <= to || to - offset > MAX_OVERLAP || end - from > limits.request) {
                continue;
            }
            Want want = spans.want(i);
            if (want == Want.WANTED) {
                wantedEnd = end;
            } else if (want == Want.NO || end - wantedEnd > limits.readAhead) {
                continue;
            }
            positions.add(i);
            to = end;
        }
        return new Plan(from, to, positions);
    }
}
