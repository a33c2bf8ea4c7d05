package dev.sluice.layer.estargz;

import dev.sluice.layer.GzipDecoder;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.SpanTable;
import dev.sluice.layer.SpanTableBuilder;
import java.util.BitSet;
import java.util.Optional;

/**
 * Where files lie in the data device: in the order in which they lie in the blob, each at the next 4 KiB block, so that reading
 * ahead in the one is reading ahead in the other.
 *
 * @param deviceOffsets by number of the file, in bytes; 0 for files that are not in the device
 * @param prefetch bytes of the device that come before the landmark
 */
record Layout(SpanTable spans, long[] deviceOffsets, long prefetch) {
    private static final int BLOCK = 4096;
    /** As much as a span table may address. */
    private static final long MAX_DEVICE = 1L << 44;

    /**
     * @param sizes of the files by their numbers, in bytes
     * @param wanted numbers of the files that are to be in the device
     * @param landmark number of the file that ends the prefetched ones, or -1
     * @param tocOffset where the table of contents begins in the blob, and files end, in bytes
     * @throws InvalidLayerException if chunks overlap, lie outside of the blob or are too long
     */
    static Layout of(Chunks chunks, long[] sizes, BitSet wanted, int landmark, long blobSize, long tocOffset)
            throws InvalidLayerException {
        int[] order = chunks.inBlobOrder();
        check(chunks, order, tocOffset);
        long[] deviceOffsets = new long[sizes.length];
        long end = 0;
        long prefetch = 0;
        for (int chunk : order) {
            int file = chunks.file(chunk);
            if (chunks.fileOffset(chunk) != 0) {
                continue;
            }
            if (file == landmark) {
                prefetch = end;
            }
            if (wanted.get(file)) {
                deviceOffsets[file] = end;
                end += (sizes[file] + BLOCK - 1) / BLOCK * BLOCK;
                if (end > MAX_DEVICE) {
                    throw new InvalidLayerException("files of the layer take more than " + MAX_DEVICE + " bytes");
                }
            }
        }
        return new Layout(
                spans(chunks, order, wanted, deviceOffsets, blobSize, tocOffset, end), deviceOffsets, prefetch);
    }

    private static SpanTable spans(
            Chunks chunks,
            int[] order,
            BitSet wanted,
            long[] deviceOffsets,
            long blobSize,
            long tocOffset,
            long deviceSize)
            throws InvalidLayerException {
        SpanTableBuilder builder = new SpanTableBuilder(blobSize);
        GzipDecoder decoder = new GzipDecoder();
        byte[] noAuxiliary = new byte[0];
        int next = 0;
        while (next < order.length) {
            long offset = chunks.offset(order[next]);
            int first = next;
            while (next < order.length && chunks.offset(order[next]) == offset) {
                next++;
            }
            long end = next < order.length ? chunks.offset(order[next]) : tocOffset;
            int span = -1;
            for (int i = first; i < next; i++) {
                int chunk = order[i];
                int file = chunks.file(chunk);
                if (wanted.get(file)) {
                    if (span < 0) {
                        span = builder.addSpan(offset, end - offset, decoder, noAuxiliary, Optional.empty());
                    }
                    builder.addExtent(
                            span,
                            chunks.innerOffset(chunk),
                            chunks.length(chunk),
                            deviceOffsets[file] + chunks.fileOffset(chunk),
                            Optional.of(chunks.digest(chunk)));
                }
            }
        }
        return builder.build(deviceSize);
    }

    private static void check(Chunks chunks, int[] order, long tocOffset) throws InvalidLayerException {
        for (int i = 0; i < order.length; i++) {
            int chunk = order[i];
            if (chunks.offset(chunk) >= tocOffset) {
                throw new InvalidLayerException(
                        "chunk at " + chunks.offset(chunk) + " lies beyond the table of contents at " + tocOffset);
            }
            if (i > 0
                    && chunks.offset(order[i - 1]) == chunks.offset(chunk)
                    && chunks.innerOffset(order[i - 1]) + chunks.length(order[i - 1]) > chunks.innerOffset(chunk)) {
                throw new InvalidLayerException(
                        "two chunks overlap in what the blob decodes to at " + chunks.offset(chunk));
            }
        }
    }
}
