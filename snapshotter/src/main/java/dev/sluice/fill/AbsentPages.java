package dev.sluice.fill;

import static dev.sluice.fill.DataDevice.PAGE;

import dev.sluice.layer.SpanTable;

/** Finds what the absent pages of a range need: every extent that overlaps such a page, or zeros where none does. */
final class AbsentPages {
    /** Bounds the time that one call takes. */
    private static final int MAX_STEPS = 2048;

    private final SpanTable table;
    private final DataDevice device;

    AbsentPages(SpanTable table, DataDevice device) {
        this.table = table;
        this.device = device;
    }

    /** Takes what is found. */
    interface Sink {
        /** @return whether the span has to come; false if these bytes of it are known already */
        boolean extent(int span, int extent, long page);

        /** A page that no extent overlaps. */
        void zeros(long page);

        /** Whether to stop. */
        boolean full();
    }

    /**
     * Looks through the pages that overlap {@code [from, end)}.
     *
     * @return up to where everything was found; at least {@code end} if that is all
     */
    long find(long from, long end, Sink sink) {
        long page = device.firstAbsent(from);
        for (int step = 0; page < end && step < MAX_STEPS && !sink.full(); step++) {
            int extent = table.firstExtentEndingAfter(page);
            long next = page + PAGE;
            if (!overlaps(extent, page)) {
                sink.zeros(page);
                // Those up to the next extent or the end of the block come with it.
                long block = (page / Flight.ZERO_BLOCK + 1) * Flight.ZERO_BLOCK;
                long gapEnd = extent == table.extentCount() ? block : table.extentDeviceOffset(extent) / PAGE * PAGE;
                next = Math.max(next, Math.min(block, gapEnd));
            }
            for (boolean all = true; overlaps(extent, page); extent++) {
                all &= sink.extent(table.extentSpan(extent), extent, page);
                // All whole pages of an extent come with it.
                long extentEnd = table.extentDeviceOffset(extent) + table.extentLength(extent);
                if (all) {
                    next = Math.max(next, extentEnd / PAGE * PAGE);
                }
            }
            page = device.firstAbsent(Math.min(next, device.size()));
        }
        return page;
    }

    private boolean overlaps(int extent, long page) {
        return extent < table.extentCount() && table.extentDeviceOffset(extent) < page + PAGE;
    }
}
