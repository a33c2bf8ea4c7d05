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
 * @param detail first block, device number or chunk format, by file type and data layout
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
        long offset,
        int inodeSize,
        int xattrSize) {
    private static final int MAX_FORMAT = 0xF;
    private static final int MAX_LAYOUT = OnDisk.LAYOUT_CHUNKS;

    static ErofsInode read(ImageBytes image, ErofsSuperblock superblock, long nid) throws IOException {
        if (nid < 0 || nid > image.size() / OnDisk.INODE_SLOT) {
            throw new ErofsException("inode " + Long.toUnsignedString(nid) + " is outside of the image");
        }
        long offset = superblock.metadataBlock() * OnDisk.BLOCK + nid * OnDisk.INODE_SLOT;
        ByteBuffer head = image.read(offset, OnDisk.COMPACT_INODE);
        int format = Short.toUnsignedInt(head.getShort(0));
        int layout = format >>> 1;
        if (format > MAX_FORMAT || layout > MAX_LAYOUT) {
            throw new ErofsException("inode " + nid + " has an unknown format: 0x" + Integer.toHexString(format));
        }
        int mode = Short.toUnsignedInt(head.getShort(4));
        if (OnDisk.fileType(mode) == 0) {
            throw new ErofsException("inode " + nid + " has no file type: 0" + Integer.toOctalString(mode));
        }
        int xattrs = Short.toUnsignedInt(head.getShort(2));
        int xattrSize = xattrs == 0 ? 0 : OnDisk.XATTR_HEADER + 4 * (xattrs - 1);
        ErofsInode inode = (format & 1) == 0
                ? compact(head, superblock, nid, mode, layout, offset, xattrSize)
                : extended(image.read(offset, OnDisk.EXTENDED_INODE), nid, mode, layout, offset, xattrSize);
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
            ByteBuffer in, ErofsSuperblock superblock, long nid, int mode, int layout, long offset, int xattrSize) {
        return new ErofsInode(
                nid,
                mode,
                Short.toUnsignedInt(in.getShort(24)),
                Short.toUnsignedInt(in.getShort(26)),
                Short.toUnsignedInt(in.getShort(6)),
                Integer.toUnsignedLong(in.getInt(8)),
                superblock.epochSeconds(),
                superblock.epochNanos(),
                layout,
                in.getInt(16),
                offset,
                OnDisk.COMPACT_INODE,
                xattrSize);
    }

    private static ErofsInode extended(ByteBuffer in, long nid, int mode, int layout, long offset, int xattrSize)
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
                layout,
                in.getInt(16),
                offset,
                OnDisk.EXTENDED_INODE,
                xattrSize);
    }
}
