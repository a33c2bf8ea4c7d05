package dev.sluice.layer;

import dev.sluice.fuzz.Require;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * Fuzzes span tables: how many spans and extents (a byte each), and the table, which gets as many bytes as these need, and the right checksum,
 * unless a third byte is odd. Whatever a table says that is accepted lies within what it says elsewhere.
 */
public final class SpanTableFuzz {
    private static final int MOST = 16;

    private SpanTableFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        if (data.length < 3 + SpanTable.HEADER) {
            return;
        }
        ByteBuffer file = (data[2] & 1) == 0
                ? sound(data)
                : ByteBuffer.wrap(data, 3, data.length - 3).slice();
        SpanTable table;
        try {
            table = SpanTable.read(file);
        } catch (IOException e) {
            Objects.requireNonNull(e.getMessage());
            return;
        }
        Require.that(table.deviceSize() >= 0 && table.deviceSize() % 4096 == 0, "a device of " + table.deviceSize());
        int extents = 0;
        for (int span = 0; span < table.spanCount(); span++) {
            checkSpan(table, span);
            extents += table.spanExtentCount(span);
        }
        Require.that(extents == table.extentCount(), "an extent of no span");
        checkExtents(table);
    }

    private static ByteBuffer sound(byte[] data) {
        int spans = (data[0] & 0xFF) % MOST;
        int extents = (data[1] & 0xFF) % MOST;
        int least = SpanTable.HEADER + spans * SpanTable.SPAN + extents * (SpanTable.EXTENT + 4);
        ByteBuffer file = ByteBuffer.allocate(Math.max(least, data.length - 3)).order(ByteOrder.LITTLE_ENDIAN);
        file.put(data, 3, data.length - 3).clear();
        file.putLong(0, SpanTable.MAGIC)
                .putInt(8, SpanTable.VERSION)
                .putInt(12, spans)
                .putInt(16, extents);
        file.putLong(32, file.capacity() - least);
        file.putInt(SpanTable.CHECKSUM, SpanTable.checksum(file));
        return file;
    }

    private static void checkSpan(SpanTable table, int span) {
        long offset = table.spanBlobOffset(span);
        long length = table.spanBlobLength(span);
        Require.that(offset >= 0 && length > 0 && offset <= Long.MAX_VALUE - length, "a range that is none");
        Require.that(length <= SpanTableBuilder.MAX_COMPRESSED, "a span that does not fit into memory");
        Require.that(table.spanAuxiliary(span).remaining() >= 0, "less than nothing besides");
        int end = 0;
        int before = -1;
        for (int i = 0; i < table.spanExtentCount(span); i++) {
            int extent = table.spanExtent(span, i);
            Require.that(table.extentSpan(extent) == span, "an extent of another span");
            Require.that(table.extentSpanOffset(extent) >= before, "extents out of order");
            Require.that(table.extentHasDigest(extent) || table.spanHasDigest(span), "bytes without a digest");
            before = table.extentSpanOffset(extent);
            end = Math.max(end, before + table.extentLength(extent));
        }
        Require.that(table.spanDecodedLength(span) == end, "more bytes than anybody wants");
        Require.that(end <= SpanTableBuilder.MAX_DECODED, "decoded bytes that do not fit into memory");
    }

    private static void checkExtents(SpanTable table) {
        long end = 0;
        for (int extent = 0; extent < table.extentCount(); extent++) {
            long offset = table.extentDeviceOffset(extent);
            Require.that(table.extentLength(extent) > 0 && offset >= end, "extents that overlap");
            Require.that(table.firstExtentEndingAfter(offset) == extent, "an extent that cannot be found");
            end = offset + table.extentLength(extent);
        }
        Require.that(end <= table.deviceSize(), "an extent behind the device");
    }
}
