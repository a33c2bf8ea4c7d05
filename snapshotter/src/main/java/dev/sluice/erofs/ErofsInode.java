package dev.sluice.erofs;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * An inode as it is stored.
 *
 * @param nid its number: its offset in 32-byte slots
 * @param mode file type and permissions as in {@code st_mode}
 * @param uid owner, unsigned 32 bits
 * @param gid group, unsigned 32 bits
 * @param links link count, unsigned 32 bits
 * @param size of the contents, in bytes, not negative
 * @param mtimeSeconds seconds since the Unix epoch
 * @param mtimeNanos 0 to 999,999,999
 * @param dataLayout how contents are stored: 0 in blocks, 2 with the last block behind the inode, 4 in chunks; 1 and 3 compressed
 * @param detail device number or chunk format, by file type and data layout
 * @param startBlock first block of contents in blocks, as far as they are not inline; {@link #NO_BLOCK} if they are zeros
 * @param dotOmitted whether it is a directory without an entry for itself
 * @param offset of the inode in the image, in bytes
 * @param inodeSize 32 or 64 bytes
 * @param xattrSize bytes of xattrs behind the inode
 */
public record ErofsInode(
        long nid,
        int mode,
        int uid,
        int gid,
        int links,
        long size,
        long mtimeSeconds,
        int mtimeNanos,
        int dataLayout,
        int detail,
        long startBlock,
        boolean dotOmitted,
        long offset,
        int inodeSize,
        int xattrSize) {
    /** Start block of contents that are zeros and stored nowhere. */
    public static final long NO_BLOCK = -1;

    private static final int MAX_FORMAT = 0x1F;
    private static final int MAX_LAYOUT = OnDisk.LAYOUT_CHUNKS;
    private static final int LAYOUT_MASK = 7;
    /** Of anything but a directory: it has one link, and where links would be counted are the upper bits of its start block. */
    private static final int ONE_LINK = 0x10;

    private static final int DOT_OMITTED = 0x10;
    private static final long LOW_BLOCK = 0xFFFF_FFFFL;
    private static final long HIGH_BLOCK = 0xFFFF_FFFF_FFFFL;

    static ErofsInode read(ImageBytes image, ErofsSuperblock superblock, long nid) throws IOException {
        if (nid < 0 || nid > image.size() / OnDisk.INODE_SLOT) {
            throw new ErofsException("inode " + Long.toUnsignedString(nid) + " is outside of the image");
        }
        long offset = superblock.metadataBlock() * superblock.blockSize() + nid * OnDisk.INODE_SLOT;
        ByteBuffer head = image.read(offset, OnDisk.COMPACT_INODE);
        int format = Short.toUnsignedInt(head.getShort(0));
        if (format > MAX_FORMAT || (format >>> 1 & LAYOUT_MASK) > MAX_LAYOUT) {
            throw new ErofsException("inode " + nid + " has an unknown format: 0x" + Integer.toHexString(format));
        }
        int mode = Short.toUnsignedInt(head.getShort(4));
        if (OnDisk.fileType(mode) == 0) {
            throw new ErofsException("inode " + nid + " has no file type: 0" + Integer.toOctalString(mode));
        }
        ErofsInode inode = (format & 1) == 0
                ? compact(head, superblock, nid, mode, format, offset)
                : extended(image.read(offset, OnDisk.EXTENDED_INODE), nid, mode, format, offset);
        if (inode.size < 0) {
            throw new ErofsException("inode " + nid + " has a size of 2^63 or more");
        }
        image.check(inode.bodyOffset(), 0);
        return inode;
    }

    public boolean isDirectory() {
        return type() == OnDisk.S_IFDIR;
    }

    public boolean isRegularFile() {
        return type() == OnDisk.S_IFREG;
    }

    public boolean isSymlink() {
        return type() == OnDisk.S_IFLNK;
    }

    /** Whether it is a character or block device. */
    public boolean isDevice() {
        return type() == OnDisk.S_IFCHR || type() == OnDisk.S_IFBLK;
    }

    /** Major device number; 0 if it is no device. */
    public int major() {
        return isDevice() ? detail >>> 8 & 0xFFF : 0;
    }

    /** Minor device number; 0 if it is no device. */
    public int minor() {
        return isDevice() ? (detail & 0xFF) | (detail >>> 12 & 0xFFF00) : 0;
    }

    /** Where chunk indexes or inline contents begin. */
    long bodyOffset() {
        return offset + inodeSize + xattrSize;
    }

    int type() {
        return mode & OnDisk.S_IFMT;
    }

    private static ErofsInode compact(
            ByteBuffer in, ErofsSuperblock superblock, long nid, int mode, int format, long offset) {
        boolean oneLink = (mode & OnDisk.S_IFMT) != OnDisk.S_IFDIR && (format & ONE_LINK) != 0;
        return new ErofsInode(
                nid,
                mode,
                Short.toUnsignedInt(in.getShort(24)),
                Short.toUnsignedInt(in.getShort(26)),
                oneLink ? 1 : Short.toUnsignedInt(in.getShort(6)),
                Integer.toUnsignedLong(in.getInt(8)),
                superblock.epochSeconds() + Integer.toUnsignedLong(in.getInt(12)),
                superblock.epochNanos(),
                format >>> 1 & LAYOUT_MASK,
                in.getInt(16),
                startBlock(in, oneLink),
                dotOmitted(mode, format),
                offset,
                OnDisk.COMPACT_INODE,
                xattrSize(in));
    }

    private static ErofsInode extended(ByteBuffer in, long nid, int mode, int format, long offset)
            throws ErofsException {
        return new ErofsInode(
                nid,
                mode,
                in.getInt(24),
                in.getInt(28),
                in.getInt(44),
                in.getLong(8),
                in.getLong(32),
                ErofsSuperblock.nanos(in.getInt(40)),
                format >>> 1 & LAYOUT_MASK,
                in.getInt(16),
                startBlock(in, true),
                dotOmitted(mode, format),
                offset,
                OnDisk.EXTENDED_INODE,
                xattrSize(in));
    }

    private static long startBlock(ByteBuffer in, boolean hasHigh) {
        long low = Integer.toUnsignedLong(in.getInt(16));
        long block = hasHigh ? Short.toUnsignedLong(in.getShort(6)) << 32 | low : low;
        return block == (hasHigh ? HIGH_BLOCK : LOW_BLOCK) ? NO_BLOCK : block;
    }

    private static boolean dotOmitted(int mode, int format) {
        return (mode & OnDisk.S_IFMT) == OnDisk.S_IFDIR && (format & DOT_OMITTED) != 0;
    }

    private static int xattrSize(ByteBuffer in) {
        int count = Short.toUnsignedInt(in.getShort(2));
        return count == 0 ? 0 : OnDisk.XATTR_HEADER + 4 * (count - 1);
    }
}
