package dev.sluice.fill;

import static dev.sluice.fill.DataDevice.PAGE;

import dev.sluice.layer.SpanTable;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Pages of one layer that several spans share and of which not all are known yet. They wait here, verified, for the missing ones; when
 * there are too many, the oldest go and are fetched again. Safe for use by many threads.
 */
final class EdgePages {
    private final SpanTable table;
    private final AtomicInteger allLayers;
    private final int limit;
    private final Map<Long, Edge> edges = new LinkedHashMap<>();
    private boolean closed;

    private static final class Edge {
        private final byte[] bytes = new byte[PAGE];
        private final int firstExtent;
        private final int extents;
        private final BitSet known = new BitSet();

        private Edge(int firstExtent, int extents) {
            this.firstExtent = firstExtent;
            this.extents = extents;
        }
    }

    /**
     * @param allLayers how many pages all layers hold together
     * @param limit most of them
     */
    EdgePages(SpanTable table, AtomicInteger allLayers, int limit) {
        this.table = table;
        this.allLayers = allLayers;
        this.limit = limit;
    }

    /**
     * Adds what a span knows of a page.
     *
     * @param page offset in the device
     * @param firstExtent the first extent that overlaps the page
     * @param extents how many do
     * @param decoded verified bytes of the span, from index 0
     * @return the whole page if it is known now; to be {@link #remove removed} when it was written, or could not be
     */
    synchronized Optional<byte[]> add(long page, int firstExtent, int extents, int span, ByteBuffer decoded) {
        if (closed) {
            return Optional.empty();
        }
        Edge edge = edges.get(page);
        if (edge == null) {
            if (!makeRoom()) {
                return Optional.empty();
            }
            edge = new Edge(firstExtent, extents);
            edges.put(page, edge);
        }
        int before = edge.known.cardinality();
        for (int i = 0; i < extents; i++) {
            int extent = firstExtent + i;
            if (table.extentSpan(extent) == span) {
                copyPart(table, extent, page, decoded, ByteBuffer.wrap(edge.bytes));
                edge.known.set(i);
            }
        }
        int after = edge.known.cardinality();
        return after == extents && before < after ? Optional.of(edge.bytes) : Optional.empty();
    }

    /** Whether the bytes that an extent has in a page wait here. */
    synchronized boolean knows(long page, int extent) {
        Edge edge = edges.get(page);
        return edge != null && edge.known.get(extent - edge.firstExtent);
    }

    synchronized void remove(long page) {
        if (edges.remove(page) != null) {
            allLayers.decrementAndGet();
        }
    }

    synchronized void close() {
        closed = true;
        allLayers.addAndGet(-edges.size());
        edges.clear();
    }

    /** Puts the bytes that an extent has in a page at their place in {@code into}, which begins where the page does. */
    static void copyPart(SpanTable table, int extent, long page, ByteBuffer decoded, ByteBuffer into) {
        long offset = table.extentDeviceOffset(extent);
        long from = Math.max(offset, page);
        long to = Math.min(offset + table.extentLength(extent), page + PAGE);
        int at = table.extentSpanOffset(extent) + (int) (from - offset);
        into.put(into.position() + (int) (from - page), decoded, at, (int) (to - from));
    }

    private boolean makeRoom() {
        if (allLayers.get() < limit) {
            allLayers.incrementAndGet();
            return true;
        }
        // A complete page is about to be written.
        for (Iterator<Edge> i = edges.values().iterator(); i.hasNext(); ) {
            Edge edge = i.next();
            if (edge.known.cardinality() < edge.extents) {
                i.remove();
                return true;
            }
        }
        return false;
    }
}
