package dev.sluice.layer.toc;

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
    /** No compression gets more out of a byte: zstd makes 128 KiB of 4 bytes. So a few words in a table of contents make no terabytes. */
    private static final int MAX_RATIO = 1 << 16;

    /**
     * @param sizes of the files by their numbers, in bytes
     * @param wanted numbers of the files that are to be in the device
     * @param landmark number of the file that ends the prefetched ones, or -1
     * @throws InvalidLayerException if chunks overlap, lie outside of the blob or are too long
     */
    static Layout of(Chunks chunks, long[] sizes, BitSet wanted, int landmark, ChunkedBlob blob)
            throws InvalidLayerException {
        int[] order = chunks.inBlobOrder();
        check(chunks, order, blob.dataEnd());
        long[] deviceOffsets = new long[sizes.length];
        long most = Math.min(MAX_DEVICE / MAX_RATIO, blob.size()) * MAX_RATIO;
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
                if (end > most) {
                    throw new InvalidLayerException("files of the layer take more than " + most + " bytes");
                }
            }
        }
        return new Layout(spans(chunks, order, wanted, deviceOffsets, blob, end), deviceOffsets, prefetch);
    }

    private static SpanTable spans(
            Chunks chunks, int[] order, BitSet wanted, long[] deviceOffsets, ChunkedBlob blob, long deviceSize)
            throws InvalidLayerException {
        SpanTableBuilder builder = new SpanTableBuilder(blob.size());
        byte[] noAuxiliary = new byte[0];
        int next = 0;
        while (next < order.length) {
            long offset = chunks.offset(order[next]);
            int first = next;
            while (next < order.length && chunks.offset(order[next]) == offset) {
                next++;
            }
            long end = next < order.length ? Math.min(chunks.offset(order[next]), blob.dataEnd()) : blob.dataEnd();
            long ownEnd = chunks.end(order[next - 1]);
            if (ownEnd > offset && ownEnd < end) {
                end = ownEnd;
            }
            int span = -1;
            for (int i = first; i < next; i++) {
                int chunk = order[i];
                int file = chunks.file(chunk);
                if (wanted.get(file) && !chunks.isZeros(chunk)) {
                    if (span < 0) {
                        span = builder.addSpan(offset, end - offset, blob.decoder(), noAuxiliary, Optional.empty());
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

    private static void check(Chunks chunks, int[] order, long dataEnd) throws InvalidLayerException {
        int last = -1;
        for (int chunk : order) {
            if (chunks.isZeros(chunk)) {
                continue;
            }
            if (chunks.offset(chunk) >= dataEnd) {
                throw new InvalidLayerException(
                        "chunk at " + chunks.offset(chunk) + " lies beyond the end of the data at " + dataEnd);
            }
            if (last >= 0
                    && chunks.offset(last) == chunks.offset(chunk)
                    && chunks.innerOffset(last) + chunks.length(last) > chunks.innerOffset(chunk)) {
                throw new InvalidLayerException(
                        "two chunks overlap in what the blob decodes to at " + chunks.offset(chunk));
            }
            last = chunk;
        }
    }
}
