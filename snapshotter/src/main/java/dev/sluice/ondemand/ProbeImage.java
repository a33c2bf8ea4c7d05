package dev.sluice.ondemand;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The smallest EROFS image with a data device: a root directory with one file of one block. For probes, which try the kernel before there is
 * any layer. The layout is that of the kernel's {@code fs/erofs/erofs_fs.h}, little-endian.
 */
public final class ProbeImage {
    /** The file in the root directory. */
    public static final String FILE_NAME = "f";

    /** Size of the image, of the device and of the file, in bytes. */
    public static final int BLOCK = 4096;

    private static final int SUPERBLOCK = 1024;
    private static final int DEVICE_SLOT = SUPERBLOCK + 128;
    private static final int ROOT = DEVICE_SLOT + 128;
    private static final int FILE = ROOT + 96;
    private static final int NID_UNIT = 32;

    private static final int MAGIC = 0xe0f5e1e2;
    private static final int BLOCK_BITS = 12;
    private static final int INCOMPAT_CHUNKED_FILE = 4;
    private static final int INCOMPAT_DEVICE_TABLE = 8;
    /** Beyond the image, so that a forgotten device is an error and not a part of the image. */
    private static final int MAPPED_BLOCK = 0x7fffffff;

    private static final int LAYOUT_FLAT_INLINE = 2 << 1;
    private static final int LAYOUT_CHUNK_BASED = 4 << 1;
    private static final int CHUNK_INDEXES = 0x20;
    private static final int DIRECTORY_MODE = 0040555;
    private static final int FILE_MODE = 0100444;
    private static final int INODE_SIZE = 32;
    private static final int DIRENT_SIZE = 12;
    private static final byte TYPE_REGULAR = 1;
    private static final byte TYPE_DIRECTORY = 2;

    private ProbeImage() {}

    /** The metadata image. */
    public static byte[] metadata() {
        ByteBuffer image = ByteBuffer.allocate(BLOCK).order(ByteOrder.LITTLE_ENDIAN);
        superblock(image);
        image.putInt(DEVICE_SLOT + 64, 1).putInt(DEVICE_SLOT + 68, MAPPED_BLOCK);
        inode(image, ROOT, LAYOUT_FLAT_INLINE, DIRECTORY_MODE, 2, 3 * DIRENT_SIZE + 4, 0);
        directory(image, ROOT + INODE_SIZE);
        inode(image, FILE, LAYOUT_CHUNK_BASED, FILE_MODE, 1, BLOCK, CHUNK_INDEXES);
        // struct erofs_inode_chunk_index: advise u16, device_id u16, blkaddr u32
        image.putShort(FILE + INODE_SIZE + 2, (short) 1);
        return image.array();
    }

    /** The contents of the device, and so of the file. */
    public static byte[] data() {
        byte[] data = new byte[BLOCK];
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) (i % 251 + 1);
        }
        return data;
    }

    private static void superblock(ByteBuffer image) {
        image.putInt(SUPERBLOCK, MAGIC);
        image.put(SUPERBLOCK + 12, (byte) BLOCK_BITS);
        image.putShort(SUPERBLOCK + 14, (short) (ROOT / NID_UNIT));
        image.putLong(SUPERBLOCK + 16, 2);
        image.putInt(SUPERBLOCK + 36, 1);
        image.putInt(SUPERBLOCK + 80, INCOMPAT_CHUNKED_FILE | INCOMPAT_DEVICE_TABLE);
        image.putShort(SUPERBLOCK + 86, (short) 1);
        image.putShort(SUPERBLOCK + 88, (short) (DEVICE_SLOT / 128));
    }

    /** {@code struct erofs_inode_compact}. */
    private static void inode(ByteBuffer image, int at, int layout, int mode, int links, int size, int chunkFormat) {
        image.putShort(at, (short) layout);
        image.putShort(at + 4, (short) mode);
        image.putShort(at + 6, (short) links);
        image.putInt(at + 8, size);
        image.putInt(at + 16, chunkFormat);
        image.putInt(at + 20, at);
    }

    private static void directory(ByteBuffer image, int at) {
        entry(image, at, ROOT, 3 * DIRENT_SIZE, TYPE_DIRECTORY);
        entry(image, at + DIRENT_SIZE, ROOT, 3 * DIRENT_SIZE + 1, TYPE_DIRECTORY);
        entry(image, at + 2 * DIRENT_SIZE, FILE, 3 * DIRENT_SIZE + 3, TYPE_REGULAR);
        image.put(at + 3 * DIRENT_SIZE, ("." + ".." + FILE_NAME).getBytes(US_ASCII));
    }

    private static void entry(ByteBuffer image, int at, int inode, int nameOffset, byte type) {
        image.putLong(at, inode / NID_UNIT);
        image.putShort(at + 8, (short) nameOffset);
        image.put(at + 10, type);
    }
}
