package dev.sluice.erofs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Where the contents of inodes lie. */
final class ContentsReader {
    private static final int MAX_EXTENTS = 1 << 20;
    private static final long MAX_BLOCKS = 1L << 32;
    private static final int READ_AHEAD = 64 << 10;

    private final ImageBytes image;
    private final ErofsSuperblock superblock;

    ContentsReader(ImageBytes image, ErofsSuperblock superblock) {
        this.image = image;
        this.superblock = superblock;
    }

    /** Bytes {@code [block * 4096, ...)} of contents in the image itself, up to the end of that block. */
    ByteBuffer block(ErofsInode inode, long block) throws IOException {
        long start = block * OnDisk.BLOCK;
        int length = (int) Math.min(OnDisk.BLOCK, inode.size() - start);
        for (ErofsExtent extent : flat(inode)) {
            if (start >= extent.fileOffset() && start < extent.fileOffset() + extent.length()) {
                return image.read(extent.deviceOffset() + (start - extent.fileOffset()), length);
            }
        }
        throw new ErofsException("inode " + inode.nid() + " has no block " + block);
    }

    /** All contents as ranges, in the order of the file, neighbours joined. */
    List<ErofsExtent> extents(ErofsInode inode) throws IOException {
        if (inode.size() == 0) {
            return List.of();
        }
        return switch (inode.dataLayout()) {
            case OnDisk.LAYOUT_CHUNKS -> chunks(inode);
            case OnDisk.LAYOUT_PLAIN, OnDisk.LAYOUT_INLINE -> flat(inode);
            default -> throw new ErofsException("inode " + inode.nid() + " is compressed, which is not supported");
        };
    }

    private List<ErofsExtent> flat(ErofsInode inode) throws ErofsException {
        boolean inline = inode.dataLayout() == OnDisk.LAYOUT_INLINE;
        if (!inline && inode.dataLayout() != OnDisk.LAYOUT_PLAIN) {
            throw new ErofsException("contents of inode " + inode.nid() + " are not in the image");
        }
        long tail = inline ? (inode.size() - 1) % OnDisk.BLOCK + 1 : 0;
        long full = inode.size() - tail;
        List<ErofsExtent> extents = new ArrayList<>(2);
        if (full > 0) {
            long start = Integer.toUnsignedLong(inode.detail()) * OnDisk.BLOCK;
            image.check(start, full);
            extents.add(new ErofsExtent(0, full, 0, start));
        }
        if (tail > 0) {
            long start = inode.bodyOffset();
            image.check(start, tail);
            if (start % OnDisk.BLOCK + tail > OnDisk.BLOCK) {
                throw new ErofsException("inline contents of inode " + inode.nid() + " cross a block");
            }
            extents.add(new ErofsExtent(full, tail, 0, start));
        }
        return extents;
    }

    private List<ErofsExtent> chunks(ErofsInode inode) throws IOException {
        int format = inode.detail() & 0xFFFF;
        if ((format & ~(OnDisk.CHUNK_BITS_MASK | OnDisk.CHUNK_INDEXES)) != 0) {
            throw new ErofsException(
                    "inode " + inode.nid() + " has an unknown chunk format: 0x" + Integer.toHexString(format));
        }
        boolean indexes = (format & OnDisk.CHUNK_INDEXES) != 0;
        int unit = indexes ? OnDisk.CHUNK_INDEX : OnDisk.CHUNK_ADDRESS;
        long chunkSize = (long) OnDisk.BLOCK << (format & OnDisk.CHUNK_BITS_MASK);
        long count = (inode.size() - 1) / chunkSize + 1;
        long start = OnDisk.align(inode.bodyOffset(), unit);
        if (count > image.size() / unit) {
            throw new ErofsException("inode " + inode.nid() + " has more chunks than the image can hold");
        }
        image.check(start, count * unit);
        List<ErofsExtent> extents = new ArrayList<>();
        ByteBuffer table = ByteBuffer.allocate(0);
        for (long i = 0; i < count; i++) {
            if (!table.hasRemaining()) {
                table = image.read(start + i * unit, (int) Math.min(READ_AHEAD, (count - i) * unit));
            }
            short advise = indexes ? table.getShort() : 0;
            int device = indexes ? Short.toUnsignedInt(table.getShort()) : 0;
            long length = Math.min(chunkSize, inode.size() - i * chunkSize);
            if (advise != 0) {
                throw new ErofsException("inode " + inode.nid() + " has an unknown kind of chunk: " + advise);
            }
            append(extents, extent(inode, i * chunkSize, length, device, table.getInt()));
        }
        return extents;
    }

    private ErofsExtent extent(ErofsInode inode, long fileOffset, long length, int device, int block)
            throws ErofsException {
        if (block == OnDisk.HOLE) {
            return new ErofsExtent(fileOffset, length, ErofsExtent.HOLE, 0);
        }
        if (device > superblock.devices().size()) {
            throw new ErofsException("inode " + inode.nid() + " refers to device " + device + " of "
                    + superblock.devices().size());
        }
        long start = Integer.toUnsignedLong(block);
        long end = start + (length + OnDisk.BLOCK - 1) / OnDisk.BLOCK;
        long blocks = blocksOf(device);
        if (end > blocks) {
            throw new ErofsException("contents of inode " + inode.nid() + " end at block " + end + " of device "
                    + device + ", which has " + blocks);
        }
        return new ErofsExtent(fileOffset, length, device, start * OnDisk.BLOCK);
    }

    private long blocksOf(int device) {
        if (device == 0) {
            return superblock.blocks();
        }
        long blocks = superblock.devices().get(device - 1).blocks();
        return blocks == 0 ? MAX_BLOCKS : blocks;
    }

    private static void append(List<ErofsExtent> extents, ErofsExtent next) throws ErofsException {
        int last = extents.size() - 1;
        if (last >= 0 && extents.get(last).isFollowedBy(next)) {
            extents.set(last, extents.get(last).join(next));
        } else if (extents.size() == MAX_EXTENTS) {
            throw new ErofsException("a file has more than " + MAX_EXTENTS + " extents");
        } else {
            extents.add(next);
        }
    }
}
