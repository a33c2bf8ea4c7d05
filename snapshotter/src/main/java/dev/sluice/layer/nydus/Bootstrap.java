package dev.sluice.layer.nydus;

import dev.sluice.erofs.ErofsException;
import dev.sluice.erofs.ErofsReader;
import dev.sluice.layer.InvalidLayerException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A bootstrap, as far as it is more than an EROFS image: the 256 bytes behind the superblock, little-endian.
 *
 * <pre>
 * 1152  flags u64 | offset of the blob table u64 | its size u32 | chunk size u32 | offset of the chunk table u64 | its size u64
 *       | offset of the prefetch table u64 | its size u32 | reserved
 * </pre>
 *
 * @param tree names and attributes of all files; contents are ranges of devices, and device {@code i + 1} is the address space of blob
 *     {@code i}
 * @param size of the bootstrap, in bytes
 */
record Bootstrap(ErofsReader tree, List<BlobEntry> blobs, ChunkTable chunks, int size) {
    private static final int BLOCK = 4096;
    private static final int SUPERBLOCK = 1024;
    private static final int EROFS_MAGIC = 0xE0F5E1E2;
    private static final int RAFS_V5_MAGIC = 0x52414653;
    private static final int FEATURES = SUPERBLOCK + 8;
    private static final int FEATURE_RAFS_V6 = 0x4000_0000;
    private static final int EXTENSION = SUPERBLOCK + 128;
    private static final int EXTENSION_END = EXTENSION + 256;
    private static final int FLAG_ENCRYPTED = 0x0200_0000;
    /** A chunk names its blob by eight bits, of which 0 and 255 mean something else. */
    private static final int MAX_BLOBS = 254;

    Bootstrap {
        blobs = List.copyOf(blobs);
    }

    /**
     * Reads a bootstrap.
     *
     * @param bytes all of it; not changed by anybody
     * @throws InvalidLayerException if it is malformed or of a kind that is not supported; the message says which
     */
    static Bootstrap read(ByteBuffer bytes) throws IOException {
        ByteBuffer in = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
        if (in.limit() >= 4 && in.getInt(0) == RAFS_V5_MAGIC) {
            throw new InvalidLayerException("its bootstrap is of RAFS version 5, only version 6 is supported");
        }
        if (in.limit() < EXTENSION_END || in.getInt(SUPERBLOCK) != EROFS_MAGIC) {
            throw new InvalidLayerException("its bootstrap is no EROFS image");
        }
        if ((in.getInt(FEATURES) & FEATURE_RAFS_V6) == 0) {
            throw new InvalidLayerException("its bootstrap is an EROFS image, but not one of RAFS version 6");
        }
        if ((in.getLong(EXTENSION) & FLAG_ENCRYPTED) != 0) {
            throw new InvalidLayerException("its blobs are encrypted, which is not supported");
        }
        ByteBuffer blobTable = table(
                in,
                "blob",
                in.getLong(EXTENSION + 8),
                Integer.toUnsignedLong(in.getInt(EXTENSION + 16)),
                BlobEntry.SIZE);
        ByteBuffer chunkTable =
                table(in, "chunk", in.getLong(EXTENSION + 24), in.getLong(EXTENSION + 32), ChunkTable.SIZE);
        List<BlobEntry> blobs = new ArrayList<>();
        int count = blobTable.limit() / BlobEntry.SIZE;
        if (count > MAX_BLOBS) {
            throw new InvalidLayerException("its bootstrap has " + count + " blobs, allowed are " + MAX_BLOBS);
        }
        for (int i = 0; i < count; i++) {
            blobs.add(BlobEntry.read(blobTable, i * BlobEntry.SIZE));
        }
        try {
            ErofsReader tree = ErofsReader.of(in);
            if (tree.superblock().blockSize() != BLOCK) {
                throw new InvalidLayerException("its bootstrap has blocks of "
                        + tree.superblock().blockSize() + " bytes, which is not supported");
            }
            if (tree.superblock().devices().size() != count) {
                throw new InvalidLayerException(
                        "its bootstrap has " + tree.superblock().devices().size() + " devices for " + count + " blobs");
            }
            return new Bootstrap(tree, blobs, new ChunkTable(chunkTable, count), in.limit());
        } catch (ErofsException e) {
            throw new InvalidLayerException("its bootstrap is malformed: " + e.getMessage(), e);
        }
    }

    private static ByteBuffer table(ByteBuffer in, String name, long offset, long size, int entry)
            throws InvalidLayerException {
        if (size == 0) {
            return ByteBuffer.allocate(0);
        }
        if (size < 0
                || offset < EXTENSION_END
                || size % entry != 0
                || size > in.limit()
                || offset > in.limit() - size) {
            throw new InvalidLayerException("the " + name + " table of its bootstrap has " + size + " bytes at "
                    + offset + ", and the bootstrap " + in.limit());
        }
        return in.slice((int) offset, (int) size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
