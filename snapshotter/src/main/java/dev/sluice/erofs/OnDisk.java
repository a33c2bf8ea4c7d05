package dev.sluice.erofs;

/**
 * Numbers of the on-disk format, from Linux {@code fs/erofs/erofs_fs.h}. All fields are little-endian.
 *
 * <pre>
 *    0  unused                        an inode, at nid * 32
 * 1024  superblock, 128 bytes            compact (32 bytes) or extended (64)
 * 1152  device slots, 128 bytes each     xattrs: header (12), shared ids (4 each), entries
 * 1280  inodes, the root first           chunk indexes (8 each, aligned to 8), or a tail of
 *       shared xattrs                    directory entries or a symlink's target
 *       blocks of directories
 *       and long symlinks
 * </pre>
 */
final class OnDisk {
    static final int BLOCK_BITS = 12;
    static final int BLOCK = 1 << BLOCK_BITS;

    static final int SUPERBLOCK = 1024;
    static final int SUPERBLOCK_SIZE = 128;
    static final int MAGIC = 0xE0F5E1E2;
    /** Offset of the checksum in the superblock: CRC32C, not inverted, of the rest of block 0 with this field 0. */
    static final int CHECKSUM = 4;

    static final int VOLUME_NAME = 16;

    static final int COMPAT_CHECKSUM = 0x1;
    static final int COMPAT_MTIME = 0x2;
    /** A bootstrap of nydus, RAFS version 6. */
    static final int COMPAT_RAFS_V6 = 0x4000_0000;

    static final int COMPAT_PLAIN_XATTR_PREFIXES = 0x10;
    static final int INCOMPAT_ZERO_PADDING = 0x1;
    static final int INCOMPAT_CHUNKED_FILE = 0x4;
    static final int INCOMPAT_DEVICE_TABLE = 0x8;
    static final int INCOMPAT_FRAGMENTS = 0x20;
    static final int INCOMPAT_48BIT = 0x80;
    static final int INCOMPAT_METABOX = 0x100;

    static final int DEVICE_SLOT = 128;
    static final int DEVICE_TAG = 64;
    /**
     * Where the data device would be mapped in the address space of the image, in blocks: beyond any image, so that a mount
     * without {@code device=} gives EIO instead of metadata.
     */
    static final int MAPPED_BLOCK = 0x7FFF_FFFF;

    static final int INODE_SLOT = 32;
    static final int COMPACT_INODE = 32;
    static final int EXTENDED_INODE = 64;

    static final int LAYOUT_PLAIN = 0;
    static final int LAYOUT_INLINE = 2;
    static final int LAYOUT_CHUNKS = 4;

    static final int CHUNK_BITS_MASK = 0x1F;
    static final int CHUNK_INDEXES = 0x20;
    static final int CHUNK_48BIT = 0x40;
    static final int CHUNK_INDEX = 8;
    static final int CHUNK_ADDRESS = 4;
    static final int HOLE = -1;

    static final int DIRENT = 12;
    static final int NAME_MAX = 255;
    /** PATH_MAX without its NUL: nothing longer can be unpacked, looked up by one call, or be a symlink's target. */
    static final int PATH_MAX = 4095;

    static final int XATTR_HEADER = 12;
    static final int XATTR_ENTRY = 4;
    static final int XATTR_VALUE_MAX = 65_535;
    /** Largest body that {@code i_xattr_icount} can express. */
    static final int XATTR_BODY_MAX = XATTR_HEADER + 4 * (65_535 - 1);

    /** Bit of an xattr's name index: the rest of it is the number of a long prefix. */
    static final int XATTR_LONG_PREFIX = 0x80;

    static final int S_IFMT = 0170000;
    static final int S_IFSOCK = 0140000;
    static final int S_IFLNK = 0120000;
    static final int S_IFREG = 0100000;
    static final int S_IFBLK = 0060000;
    static final int S_IFDIR = 0040000;
    static final int S_IFCHR = 0020000;
    static final int S_IFIFO = 0010000;

    private OnDisk() {}

    /** Type of a directory entry for a mode; 0 if the mode has no type. */
    static int fileType(int mode) {
        return switch (mode & S_IFMT) {
            case S_IFREG -> 1;
            case S_IFDIR -> 2;
            case S_IFCHR -> 3;
            case S_IFBLK -> 4;
            case S_IFIFO -> 5;
            case S_IFSOCK -> 6;
            case S_IFLNK -> 7;
            default -> 0;
        };
    }

    /** Rounds up to a power of two. */
    static long align(long value, int powerOfTwo) {
        return (value + powerOfTwo - 1) & -powerOfTwo;
    }
}
