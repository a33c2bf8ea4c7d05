package dev.sluice.layer.nydus;

import dev.sluice.layer.ExtentDigest;
import dev.sluice.layer.InvalidLayerException;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Where the bytes of all files lie: the chunks of a bootstrap, 80 bytes each, ordered by blob and by the place that their decoded bytes
 * have in the blob's address space, which is where the EROFS image looks for them.
 *
 * <pre>
 * digest[32] | blob u32 | flags u32 (1: compressed, 4: encrypted, 8: in a batch) | compressed size u32 | size u32
 *            | compressed offset u64 | offset u64 | offset in a file u64 | index among the blob's chunks u32 | CRC32 u32
 * </pre>
 *
 * Immutable, safe for use by many threads.
 */
final class ChunkTable {
    /** Bytes of a chunk. */
    static final int SIZE = 80;

    private static final int COMPRESSED = 1;
    private static final int ENCRYPTED = 4;
    private static final int BATCH = 8;
    /** nydus has chunks of 16 MiB at most. */
    private static final int MAX_LENGTH = 16 << 20;

    private final ByteBuffer table;
    private final int[] order;

    /**
     * @param table all chunks, little-endian
     * @param blobs how many the bootstrap has
     * @throws InvalidLayerException if chunks overlap, or one is malformed or of a kind that is not supported
     */
    ChunkTable(ByteBuffer table, int blobs) throws InvalidLayerException {
        this.table = table;
        int count = table.limit() / SIZE;
        for (int i = 0; i < count; i++) {
            check(i * SIZE, blobs);
        }
        order = IntStream.range(0, count)
                .mapToObj(i -> i * SIZE)
                .sorted(Comparator.<Integer>comparingInt(at -> table.getInt(at + 32))
                        .thenComparingLong(at -> table.getLong(at + 56)))
                .mapToInt(Integer::intValue)
                .toArray();
        for (int i = 1; i < count; i++) {
            if (blob(i) == blob(i - 1) && offset(i) < offset(i - 1) + length(i - 1)) {
                throw new InvalidLayerException("chunks overlap at " + offset(i) + " of blob " + blob(i));
            }
        }
    }

    private void check(int at, int blobs) throws InvalidLayerException {
        int flags = table.getInt(at + 36);
        if ((flags & ENCRYPTED) != 0) {
            throw new InvalidLayerException("its chunks are encrypted, which is not supported");
        }
        if ((flags & BATCH) != 0) {
            throw new InvalidLayerException("its chunks are in batches, which is not supported");
        }
        int length = table.getInt(at + 44);
        long offset = table.getLong(at + 56);
        if (Integer.compareUnsigned(table.getInt(at + 32), blobs) >= 0
                || length <= 0
                || length > MAX_LENGTH
                || offset < 0
                || offset > Long.MAX_VALUE - length) {
            throw new InvalidLayerException("a chunk is malformed: " + length + " bytes at " + offset + " of blob "
                    + Integer.toUnsignedString(table.getInt(at + 32)) + " of " + blobs);
        }
    }

    int count() {
        return order.length;
    }

    /** Index of the blob. */
    int blob(int chunk) {
        return table.getInt(order[chunk] + 32);
    }

    boolean isCompressed(int chunk) {
        return (table.getInt(order[chunk] + 36) & COMPRESSED) != 0;
    }

    /** Bytes in the blob; any number. */
    int compressedLength(int chunk) {
        return table.getInt(order[chunk] + 40);
    }

    /** Decoded bytes, at least 1. */
    int length(int chunk) {
        return table.getInt(order[chunk] + 44);
    }

    /** Offset in the blob, in bytes; any number. */
    long compressedOffset(int chunk) {
        return table.getLong(order[chunk] + 48);
    }

    /** Offset of the decoded bytes in the blob's address space. */
    long offset(int chunk) {
        return table.getLong(order[chunk] + 56);
    }

    /** Index among the chunks of its blob; any number. */
    int index(int chunk) {
        return table.getInt(order[chunk] + 72);
    }

    /** Of the decoded bytes. */
    ExtentDigest digest(int chunk, ExtentDigest.Kind kind) {
        byte[] digest = new byte[32];
        table.get(order[chunk], digest);
        return new ExtentDigest(kind, digest);
    }

    /** The number of the chunk whose decoded bytes begin there; negative if none does. */
    int at(int blob, long offset) {
        int low = 0;
        int high = order.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int compared = Integer.compare(blob(middle), blob);
            if (compared == 0) {
                compared = Long.compare(offset(middle), offset);
            }
            if (compared == 0) {
                return middle;
            }
            if (compared < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -1;
    }
}
