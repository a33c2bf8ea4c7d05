package dev.sluice.layer.nydus;

import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.ZstdDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The table of contents at the end of a blob, before a tar header that has its name and size. Entries, little-endian, 128 bytes each:
 *
 * <pre>
 * flags u32 (1: not compressed, 2: zstd) | reserved u32 | name[16] | SHA-256 of the data[32] | offset u64 | compressed size u64 | size u64
 * </pre>
 *
 * @param blob all of it, little-endian
 * @param start of the first entry
 * @param end of the last
 */
record BlobToc(ByteBuffer blob, int start, int end) {
    private static final String NAME = "rafs.blob.toc";
    private static final int HEADER = 512;
    private static final int HEADER_SIZE = 124;
    private static final int ENTRY = 128;
    private static final int ENTRY_NAME = 16;
    private static final int NOT_COMPRESSED = 1;
    private static final int ZSTD = 2;

    /**
     * Finds the table.
     *
     * @param bytes of the whole blob, which is verified
     * @throws InvalidLayerException if it does not end in a table of contents
     */
    static BlobToc of(ByteBuffer bytes) throws InvalidLayerException {
        ByteBuffer blob = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
        int end = blob.limit() - HEADER;
        if (end < 0 || !text(blob, end, NAME.length() + 1).equals(NAME)) {
            throw new InvalidLayerException("metadata of a gzip layer do not end in a table of contents");
        }
        int size = 0;
        for (int i = 0; i < 11; i++) {
            int digit = blob.get(end + HEADER_SIZE + i) - '0';
            if (digit < 0 || digit > 7 || size > Integer.MAX_VALUE >> 3) {
                throw new InvalidLayerException("table of contents of a blob has an unknown size");
            }
            size = size << 3 | digit;
        }
        if (size > end || size % ENTRY != 0) {
            throw new InvalidLayerException("table of contents of a blob has a wrong size: " + size);
        }
        return new BlobToc(blob, end - size, end);
    }

    /**
     * The data of an entry, decoded, little-endian.
     *
     * @param limit most bytes of it
     * @throws InvalidLayerException if there is no such entry, or it is malformed
     */
    ByteBuffer read(String name, int limit) throws IOException {
        for (int at = start; at < end; at += ENTRY) {
            if (text(blob, at + 8, ENTRY_NAME).equals(name)) {
                return read(name, at, limit).order(ByteOrder.LITTLE_ENDIAN);
            }
        }
        throw new InvalidLayerException("table of contents of a blob has no " + name);
    }

    private ByteBuffer read(String name, int at, int limit) throws IOException {
        int flags = blob.getInt(at);
        long offset = blob.getLong(at + 56);
        long compressedSize = blob.getLong(at + 64);
        long size = blob.getLong(at + 72);
        if (offset < 0 || compressedSize < 0 || compressedSize > start || offset > start - compressedSize) {
            throw new InvalidLayerException(
                    name + " of a blob is outside of it: " + compressedSize + " bytes at " + offset);
        }
        if (size < 0 || size > limit) {
            throw new InvalidLayerException(name + " of a blob has " + size + " bytes, allowed are " + limit);
        }
        ByteBuffer compressed = blob.slice((int) offset, (int) compressedSize);
        if (flags == NOT_COMPRESSED && size == compressedSize) {
            return compressed;
        }
        if (flags != ZSTD) {
            throw new InvalidLayerException(name + " of a blob is compressed in an unknown way: " + flags);
        }
        ByteBuffer decoded = ByteBuffer.allocate((int) size);
        try {
            new ZstdDecoder().decode(compressed, ByteBuffer.allocate(0), decoded);
        } catch (IOException e) {
            throw new InvalidLayerException(name + " of a blob is malformed: " + e.getMessage(), e);
        }
        return decoded.flip();
    }

    private static String text(ByteBuffer bytes, int offset, int length) {
        int end = 0;
        while (end < length && bytes.get(offset + end) != 0) {
            end++;
        }
        byte[] text = new byte[end];
        bytes.get(offset, text);
        return new String(text, StandardCharsets.ISO_8859_1);
    }
}
