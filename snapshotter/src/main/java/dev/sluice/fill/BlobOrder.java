package dev.sluice.fill;

import dev.sluice.layer.SpanTable;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Spans by their offset in the blob. Tables are mostly in that order already; then this takes no memory. Immutable. */
final class BlobOrder {
    private final int[] spans;
    private final int[] positions;

    BlobOrder(SpanTable table) {
        int count = table.spanCount();
        boolean sorted = true;
        for (int i = 1; i < count && sorted; i++) {
            sorted = table.spanBlobOffset(i - 1) <= table.spanBlobOffset(i);
        }
        if (sorted) {
            spans = new int[0];
            positions = new int[0];
            return;
        }
        spans = IntStream.range(0, count)
                .boxed()
                .sorted(Comparator.comparingLong(table::spanBlobOffset))
                .mapToInt(Integer::intValue)
                .toArray();
        positions = new int[count];
        for (int i = 0; i < count; i++) {
            positions[spans[i]] = i;
        }
    }

    int span(int position) {
        return spans.length == 0 ? position : spans[position];
    }

    int position(int span) {
        return positions.length == 0 ? span : positions[span];
    }
}
