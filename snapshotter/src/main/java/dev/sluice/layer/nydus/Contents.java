package dev.sluice.layer.nydus;

import dev.sluice.erofs.ErofsExtent;
import dev.sluice.layer.InvalidLayerException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What regular files hold, as chunks; files of the same bytes share them. A content is a list of pieces: the number of a chunk, or, for a
 * hole, its length in blocks, negative.
 */
final class Contents {
    private static final int BLOCK = 4096;

    private final ChunkTable chunks;
    private final Map<Content, Integer> numbers = new HashMap<>();
    private final List<Content> contents = new ArrayList<>();
    private long piecesLeft;

    /**
     * @param chunks of the bootstrap
     * @param pieces most of them of all contents together
     */
    Contents(ChunkTable chunks, long pieces) {
        this.chunks = chunks;
        piecesLeft = pieces;
    }

    /** Of a file with at least one byte. */
    record Content(int[] pieces, long size) {
        /** The first chunk of its pieces; greater than all if it is one hole. */
        int firstChunk() {
            return Arrays.stream(pieces).filter(piece -> piece >= 0).findFirst().orElse(Integer.MAX_VALUE);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Content content && content.size == size && Arrays.equals(content.pieces, pieces);
        }

        @Override
        public int hashCode() {
            return 31 * Long.hashCode(size) + Arrays.hashCode(pieces);
        }
    }

    /**
     * The number of a content.
     *
     * @param extents of a file, in its order; together all of it
     * @throws InvalidLayerException if an extent is not made of whole chunks, or there are too many pieces
     */
    int add(List<ErofsExtent> extents, long size) throws InvalidLayerException {
        int[] pieces = new int[Math.max(4, extents.size())];
        int count = 0;
        for (ErofsExtent extent : extents) {
            long done = 0;
            while (done < extent.length()) {
                long left = extent.length() - done;
                int piece = extent.isHole() ? hole(left) : chunk(extent, done, left);
                done += piece < 0 ? Math.min(left, -(long) piece * BLOCK) : chunks.length(piece);
                if (count == pieces.length) {
                    pieces = Arrays.copyOf(pieces, 2 * count);
                }
                pieces[count++] = piece;
                if (--piecesLeft < 0) {
                    throw new InvalidLayerException("its files refer to more chunks than its bootstrap has room for");
                }
            }
        }
        Content content = new Content(Arrays.copyOf(pieces, count), size);
        Integer known = numbers.putIfAbsent(content, contents.size());
        if (known != null) {
            return known;
        }
        contents.add(content);
        return contents.size() - 1;
    }

    List<Content> all() {
        return contents;
    }

    private static int hole(long length) {
        return (int) -Math.min(Integer.MAX_VALUE, (length + BLOCK - 1) / BLOCK);
    }

    private int chunk(ErofsExtent extent, long done, long left) throws InvalidLayerException {
        if (extent.device() == 0) {
            throw new InvalidLayerException("a file has its contents in the bootstrap");
        }
        long offset = extent.deviceOffset() + done;
        int chunk = chunks.at(extent.device() - 1, offset);
        if (chunk < 0) {
            throw new InvalidLayerException("no chunk begins at " + offset + " of blob " + (extent.device() - 1)
                    + ", where the contents of a file are");
        }
        if (chunks.length(chunk) > left) {
            throw new InvalidLayerException("a file holds only " + left + " of the " + chunks.length(chunk)
                    + " bytes of a chunk, so its digest would not cover them");
        }
        return chunk;
    }
}
