package dev.sluice.layer.soci;

import dev.sluice.layer.DeviceRange;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.SpanTable;
import dev.sluice.layer.SpanTableBuilder;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * Where files lie in the data device: in the order in which they lie in the blob, each at the next 4 KiB block. Not safe for use by many
 * threads.
 */
final class SociLayout {
    private static final int BLOCK = 4096;

    private final Ztoc ztoc;
    private final SpanTableBuilder builder;
    private final long[] fileOffsets;
    /** Of each span: where what it fills in the device begins, and where it ends, padding behind a file included; both 0 if that is nothing. */
    private final long[] firsts;

    private final long[] ends;
    private final SpanTable table;

    /** The span that the next bytes are of, and its number in the table; -1 if it is not there yet. */
    private int span;

    private int added = -1;

    private SociLayout(Ztoc ztoc, TarFiles files, BitSet wanted, long blobSize, long maxDevice)
            throws InvalidLayerException {
        this.ztoc = ztoc;
        builder = new SpanTableBuilder(blobSize);
        fileOffsets = new long[files.count()];
        firsts = new long[ztoc.spans().count()];
        ends = new long[ztoc.spans().count()];
        long device = 0;
        for (int file = wanted.nextSetBit(0); file >= 0; file = wanted.nextSetBit(file + 1)) {
            if (files.size(file) > maxDevice - device) {
                throw new InvalidLayerException("files of the layer take more than " + maxDevice + " bytes");
            }
            fileOffsets[file] = device;
            fill(files.offset(file), files.size(file), device);
            device = toBlock(device + files.size(file));
        }
        table = builder.build(device);
    }

    /**
     * Lays out files.
     *
     * @param wanted numbers of the files that have a name
     * @param maxDevice in bytes
     */
    static SociLayout of(Ztoc ztoc, TarFiles files, BitSet wanted, long blobSize, long maxDevice)
            throws InvalidLayerException {
        return new SociLayout(ztoc, files, wanted, blobSize, maxDevice);
    }

    SpanTable spans() {
        return table;
    }

    /** Where a file begins in the device. */
    long fileOffset(int file) {
        return fileOffsets[file];
    }

    /**
     * The pages of the device that need nothing but some spans, in their order. What shares a page with another span is not wanted by
     * those who want these ones: files begin at pages.
     *
     * @param wanted inside of the layer
     */
    List<DeviceRange> ranges(List<PrefetchSpans> wanted) {
        List<DeviceRange> ranges = new ArrayList<>();
        for (PrefetchSpans spans : wanted) {
            long start = Long.MAX_VALUE;
            long end = 0;
            for (int i = spans.first(); i <= spans.last(); i++) {
                if (ends[i] > 0) {
                    start = Math.min(start, firsts[i]);
                    end = Math.max(end, ends[i]);
                }
            }
            long from = end == 0 ? 0 : toBlock(start);
            long to = end / BLOCK * BLOCK;
            if (to > from && ranges.size() < LayerIndex.MAX_PREFETCH) {
                ranges.add(new DeviceRange(from, to - from));
            }
        }
        return ranges;
    }

    private static long toBlock(long end) {
        return (end + BLOCK - 1) / BLOCK * BLOCK;
    }

    private void fill(long tarOffset, long size, long device) throws InvalidLayerException {
        long from = tarOffset;
        long to = device;
        while (from < tarOffset + size) {
            if (ztoc.tarEnd(span) <= from) {
                span++;
                added = -1;
                continue;
            }
            if (added < 0) {
                added = addSpan();
                firsts[span] = to;
            }
            long length = Math.min(tarOffset + size, ztoc.tarEnd(span)) - from;
            builder.addExtent(added, from - ztoc.spans().tarOffset(span), length, to, Optional.empty());
            from += length;
            to += length;
            ends[span] = from == tarOffset + size ? toBlock(to) : to;
        }
    }

    private int addSpan() throws InvalidLayerException {
        ZtocSpans spans = ztoc.spans();
        long offset = spans.blobOffset(span);
        return builder.addSpan(
                offset,
                spans.blobEnd(span) - offset,
                spans.decoder(),
                spans.auxiliary(span),
                Optional.of(ztoc.digest(span)));
    }
}
