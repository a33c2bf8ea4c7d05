package dev.sluice.layer.nydus;

import dev.sluice.layer.GzipRestart;
import dev.sluice.layer.InvalidLayerException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * How to begin in the middle of a plain gzip layer: what nydus calls the blob's compression context table. Little-endian:
 *
 * <pre>
 * header, 4096 bytes: magic u32 | features u32 | compression u32 | chunks u32 | offset u64 | compressed size u64 | size u64
 *                     | offset of the contexts u64 | size of contexts and windows u64 | contexts u32 | ... | magic u32
 * chunks, 24 bytes each:   offset of the decoded bytes in blocks u32 | length - 1 u24 | flags u8 (2: in a context)
 *                     | compressed offset u40 | compressed size u24 | offset in what the context decodes to u32 | context u32
 * contexts, 40 bytes each: offset u64 | offset of what it decodes to u64 | offset of its window u64 | length u32 | decoded length u32
 *                     | length of the window u32 | the byte before u8 | how many bits of it u8 | reserved u16
 * windows
 * </pre>
 *
 * Contexts overlap, so that each chunk lies in one. Immutable, safe for use by many threads.
 */
final class ZranTable {
    private static final int MAGIC = 0xB10BB10B;
    private static final int HEADER = 4096;
    private static final int CHUNK = 24;
    private static final int CONTEXT = 40;
    private static final int IN_CONTEXT = 2;
    private static final int BLOCK_BITS = 12;

    private final ByteBuffer table;
    private final int chunks;
    private final int contextsAt;
    private final int contexts;
    private final int windowsAt;
    private final int windowsSize;

    private ZranTable(ByteBuffer table, int chunks, int contextsAt, int contexts, int size) {
        this.table = table;
        this.chunks = chunks;
        this.contextsAt = contextsAt;
        this.contexts = contexts;
        windowsAt = contextsAt + contexts * CONTEXT;
        windowsSize = size - contexts * CONTEXT;
    }

    /**
     * A piece of the gzip layer from which chunks are decoded.
     *
     * @param offset of its first byte, in bytes; any number
     * @param length in bytes; any number
     */
    record Context(long offset, long length, GzipRestart restart) {}

    /**
     * Where a chunk is.
     *
     * @param context number of its context
     * @param offset in what the context decodes to, in bytes; any number
     */
    record Place(int context, long offset) {}

    /**
     * Reads the table.
     *
     * @param blob that holds the metadata of the gzip layer
     * @param limit most bytes of the table
     */
    static ZranTable read(BlobToc blob, int limit) throws IOException {
        ByteBuffer header = blob.read("blob.meta.header", HEADER);
        if (header.limit() != HEADER || header.getInt(0) != MAGIC || header.getInt(HEADER - 4) != MAGIC) {
            throw new InvalidLayerException("metadata of a gzip layer have no header");
        }
        ByteBuffer table = blob.read("blob.meta", limit);
        long chunks = Integer.toUnsignedLong(header.getInt(12));
        long at = header.getLong(40);
        long size = header.getLong(48);
        long contexts = Integer.toUnsignedLong(header.getInt(56));
        if (chunks * CHUNK > table.limit()
                || at < 0
                || size < contexts * CONTEXT
                || size > table.limit()
                || at > table.limit() - size) {
            throw new InvalidLayerException("metadata of a gzip layer are malformed: " + chunks + " chunks, " + contexts
                    + " contexts in " + size + " bytes at " + at + " of " + table.limit());
        }
        return new ZranTable(table, (int) chunks, (int) at, (int) contexts, (int) size);
    }

    int contexts() {
        return contexts;
    }

    /**
     * Finds a chunk.
     *
     * @param index of the chunk in its blob; any number
     * @param offset that its decoded bytes should have
     */
    Place place(int index, long offset) throws InvalidLayerException {
        if (index < 0 || index >= chunks) {
            throw new InvalidLayerException(
                    "metadata of a gzip layer have no chunk " + Integer.toUnsignedString(index));
        }
        int at = index * CHUNK;
        long start = Integer.toUnsignedLong(table.getInt(at)) << BLOCK_BITS;
        int context = table.getInt(at + 20);
        if ((table.get(at + 7) & IN_CONTEXT) == 0 || start != offset || context < 0 || context >= contexts) {
            throw new InvalidLayerException(
                    "metadata of a gzip layer know another chunk " + index + " than its bootstrap");
        }
        return new Place(context, Integer.toUnsignedLong(table.getInt(at + 16)));
    }

    /** @param number below {@link #contexts} */
    Context context(int number) throws InvalidLayerException {
        int at = contextsAt + number * CONTEXT;
        long offset = table.getLong(at);
        long windowOffset = table.getLong(at + 16);
        long length = Integer.toUnsignedLong(table.getInt(at + 24));
        long windowLength = Integer.toUnsignedLong(table.getInt(at + 32));
        int bits = table.get(at + 37);
        if (windowLength > GzipRestart.WINDOW
                || windowLength > windowsSize
                || windowOffset < 0
                || windowOffset > windowsSize - windowLength
                || bits < 0
                || bits > 7
                || (bits > 0 && offset < 1)) {
            throw new InvalidLayerException("a context of a gzip layer is malformed: window of " + windowLength
                    + " bytes at " + windowOffset + " of " + windowsSize + ", " + bits + " bits");
        }
        byte[] window = new byte[(int) windowLength];
        table.get(windowsAt + (int) windowOffset, window);
        int before = bits > 0 ? 1 : 0;
        return new Context(offset - before, length + before, new GzipRestart(bits, window));
    }
}
