package dev.sluice.layer.tar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.layer.Entry;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.SpanTable;
import java.util.List;

/** Compares what indexes say. */
final class LayerIndexes {
    private LayerIndexes() {}

    static void assertEqual(LayerIndex actual, LayerIndex expected) {
        assertThat(actual.format()).isEqualTo(expected.format());
        assertThat(actual.indexDigest()).isEqualTo(expected.indexDigest());
        assertThat(actual.prefetch()).isEqualTo(expected.prefetch());
        assertThat(describe(actual.entries())).isEqualTo(describe(expected.entries()));
        assertThat(describe(actual.spans())).isEqualTo(describe(expected.spans()));
    }

    /** Arrays of equal bytes are not equal to each other. */
    static List<String> describe(List<Entry> entries) {
        return entries.stream().map(LayerIndexes::describe).toList();
    }

    private static String describe(Entry entry) {
        return entry.toString().replaceAll("\\[B@[0-9a-f]+", "bytes");
    }

    private static String describe(SpanTable table) {
        StringBuilder text = new StringBuilder("device " + table.deviceSize());
        for (int i = 0; i < table.spanCount(); i++) {
            text.append("\nspan ").append(table.spanBlobOffset(i)).append('+').append(table.spanBlobLength(i));
            text.append(' ').append(table.spanDecoder(i)).append(' ').append(table.spanHasDigest(i));
            text.append(' ').append(table.spanAuxiliary(i).remaining());
        }
        for (int i = 0; i < table.extentCount(); i++) {
            text.append("\nextent ").append(table.extentSpan(i)).append(':').append(table.extentSpanOffset(i));
            text.append('+').append(table.extentLength(i)).append(" at ").append(table.extentDeviceOffset(i));
            text.append(' ').append(table.extentHasDigest(i));
        }
        return text.toString();
    }
}
