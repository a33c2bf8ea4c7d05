package dev.sluice.layer;

import java.io.IOException;

/**
 * Checks a table that was read from a file against the rules of {@link SpanTableBuilder}, so that whoever uses it finds every number within its
 * bounds. Looks at each span and each extent once.
 */
final class SpanTableCheck {
    private static final int DEVICE_BLOCK = 4096;

    private final SpanTable table;

    private SpanTableCheck(SpanTable table) {
        this.table = table;
    }

    /** @throws IOException if the table breaks a rule; the message says which */
    static void check(SpanTable table) throws IOException {
        SpanTableCheck check = new SpanTableCheck(table);
        check.extents();
        check.spans();
    }

    private void extents() throws IOException {
        long end = 0;
        for (int extent = 0; extent < table.extentCount(); extent++) {
            long offset = table.extentDeviceOffset(extent);
            long length = table.rawExtentLength(extent);
            long spanOffset = table.rawExtentSpanOffset(extent);
            int span = table.extentSpan(extent);
            require(length > 0 && length <= SpanTableBuilder.MAX_DECODED, "length of extent", extent);
            require(spanOffset >= 0 && spanOffset <= SpanTableBuilder.MAX_DECODED - length, "place of extent", extent);
            require(offset >= end && offset <= SpanTableBuilder.MAX_DEVICE - length, "device offset of extent", extent);
            require(span >= 0 && span < table.spanCount(), "span of extent", extent);
            require(table.extentHasDigest(extent) || table.spanHasDigest(span), "digest of extent", extent);
            end = offset + length;
        }
        if (table.deviceSize() < end
                || table.deviceSize() > SpanTableBuilder.MAX_DEVICE
                || table.deviceSize() % DEVICE_BLOCK != 0) {
            throw new IOException("span table is damaged: its device has " + table.deviceSize() + " bytes");
        }
    }

    private void spans() throws IOException {
        int first = 0;
        for (int span = 0; span < table.spanCount(); span++) {
            long offset = table.spanBlobOffset(span);
            long length = table.spanBlobLength(span);
            require(length > 0 && length <= SpanTableBuilder.MAX_COMPRESSED, "length of span", span);
            require(offset >= 0 && offset <= Long.MAX_VALUE - length, "blob offset of span", span);
            require(table.hasAuxiliary(span), "auxiliary of span", span);
            int count = table.spanExtentCount(span);
            require(table.spanFirst(span) == first, "first extent of span", span);
            require(count >= 0 && count <= table.extentCount() - first, "number of extents of span", span);
            first += count;
            require(extentsOf(span) == table.rawSpanDecodedLength(span), "decoded length of span", span);
        }
        require(first == table.extentCount(), "number of extents of span", table.spanCount() - 1);
    }

    /** Returns the end of the last one in the decoded span. */
    private long extentsOf(int span) throws IOException {
        long end = 0;
        long before = -1;
        for (int i = 0; i < table.spanExtentCount(span); i++) {
            int extent = table.spanExtent(span, i);
            require(
                    extent >= 0 && extent < table.extentCount() && table.extentSpan(extent) == span,
                    "an extent of span",
                    span);
            // Of two at one place the one with the lower number comes first, so that none is named twice.
            long place = table.rawExtentSpanOffset(extent) << 32 | extent;
            require(place > before, "order of the extents of span", span);
            before = place;
            end = Math.max(end, table.rawExtentSpanOffset(extent) + table.rawExtentLength(extent));
        }
        return end;
    }

    private static void require(boolean condition, String what, int number) throws IOException {
        if (!condition) {
            throw new IOException("span table is damaged: " + what + " " + number);
        }
    }
}
