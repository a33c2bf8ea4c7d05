package dev.sluice.fill;

import static dev.sluice.fill.DataDevice.PAGE;

import dev.sluice.layer.SpanTable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Writes the verified bytes of one span into the device, page by page but in runs as long as possible: large extents from where they
 * were decoded, small ones and edges through a staging buffer. Pages that other spans share go through {@link EdgePages}; bytes that
 * no extent covers are zeros. Used by one thread, for one span.
 */
final class PageWriter implements AutoCloseable {
    /** Extents with so many whole pages are written without being copied. */
    private static final int WITHOUT_COPY = 64 << 10;

    private static final ByteBuffer ZERO_PAGE = ByteBuffer.allocateDirect(PAGE).asReadOnlyBuffer();

    private final SpanTable table;
    private final DataDevice device;
    private final EdgePages edges;
    private final StagingBuffers buffers;
    private final ByteBuffer staging;
    private final List<Long> completedEdges = new ArrayList<>(2);
    private long runStart;
    private long written;

    PageWriter(SpanTable table, DataDevice device, EdgePages edges, StagingBuffers buffers) {
        this.table = table;
        this.device = device;
        this.edges = edges;
        this.buffers = buffers;
        this.staging = buffers.take();
    }

    /** How many bytes were written into the device. */
    long written() {
        return written;
    }

    /**
     * Writes all pages of a span that are known now and absent.
     *
     * @param decoded verified bytes of the span, from index 0
     * @throws IOException if the device cannot take them; some may be there then
     */
    void write(int span, ByteBuffer decoded) throws IOException {
        int[] extents = new int[table.spanExtentCount(span)];
        Arrays.setAll(extents, i -> table.spanExtent(span, i));
        // Extents are numbered by their place in the device.
        Arrays.sort(extents);
        long done = 0;
        for (int extent : extents) {
            long offset = table.extentDeviceOffset(extent);
            long end = offset + table.extentLength(extent);
            long page = Math.max(done, pageOf(offset));
            if (page < end && (offset > page || end < page + PAGE)) {
                partialPage(page, span, decoded);
                page += PAGE;
            }
            if (pageOf(end) > page) {
                int at = table.extentSpanOffset(extent) + (int) (page - offset);
                wholePages(page, decoded, at, (int) (pageOf(end) - page));
                page = pageOf(end);
            }
            if (page < end) {
                partialPage(page, span, decoded);
                page += PAGE;
            }
            done = page;
        }
        flush();
    }

    /** Writes zeros where pages of a range are absent and no extent overlaps them. */
    void writeZeros(long from, long to) throws IOException {
        for (long page = device.firstAbsent(from); page < to; page = device.firstAbsent(page + PAGE)) {
            int next = table.firstExtentEndingAfter(page);
            if (next == table.extentCount() || table.extentDeviceOffset(next) >= page + PAGE) {
                reserve(page);
                putZeroPage();
                staging.position(staging.position() + PAGE);
            }
        }
        flush();
    }

    @Override
    public void close() {
        completedEdges.forEach(edges::remove);
        buffers.giveBack(staging);
    }

    /** A page of which this span knows only a part; the rest is of other extents, or nobody's. */
    private void partialPage(long page, int span, ByteBuffer decoded) throws IOException {
        if (device.isPresent(page, PAGE)) {
            return;
        }
        int first = table.firstExtentEndingAfter(page);
        boolean shared = false;
        int next = first;
        while (next < table.extentCount() && table.extentDeviceOffset(next) < page + PAGE) {
            shared |= table.extentSpan(next) != span;
            next++;
        }
        if (shared) {
            Optional<byte[]> whole = edges.add(page, first, next - first, span, decoded);
            if (whole.isPresent()) {
                completedEdges.add(page);
                reserve(page);
                staging.put(whole.get());
            }
            return;
        }
        reserve(page);
        putZeroPage();
        for (int extent = first; extent < next; extent++) {
            EdgePages.copyPart(table, extent, page, decoded, staging);
        }
        staging.position(staging.position() + PAGE);
    }

    private void wholePages(long page, ByteBuffer decoded, int at, int length) throws IOException {
        if (device.isPresent(page, length)) {
            return;
        }
        if (length >= WITHOUT_COPY) {
            flush();
            device.write(page, decoded.slice(at, length));
            written += length;
            return;
        }
        for (int done = 0; done < length; ) {
            reserve(page + done);
            int count = Math.min(length - done, staging.remaining());
            staging.put(decoded.slice(at + done, count));
            done += count;
        }
    }

    /** Makes sure that what is put next is written at {@code page}, and that there is room for it. */
    private void reserve(long page) throws IOException {
        if (page != runStart + staging.position() || !staging.hasRemaining()) {
            flush();
            runStart = page;
        }
    }

    private void putZeroPage() {
        staging.put(staging.position(), ZERO_PAGE, 0, PAGE);
    }

    private void flush() throws IOException {
        if (staging.position() > 0) {
            int length = staging.flip().remaining();
            device.write(runStart, staging);
            written += length;
        }
        staging.clear();
    }

    private static long pageOf(long offset) {
        return offset / PAGE * PAGE;
    }
}
