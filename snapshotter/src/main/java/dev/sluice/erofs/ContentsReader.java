package dev.sluice.erofs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Where the contents of inodes lie. */
final class ContentsReader {
    private static final int MAX_EXTENTS = 1 << 20;

    private final ImageBytes image;
    private final ErofsSuperblock superblock;
    private final ChunkReader chunks;

    ContentsReader(ImageBytes image, ErofsSuperblock superblock) {
        this.image = image;
        this.superblock = superblock;
        this.chunks = new ChunkReader(image, superblock);
    }

    /** Bytes {@code [block * blockSize, ...)} of contents in the image itself, up to the end of that block. */
    ByteBuffer block(ErofsInode inode, long block) throws IOException {
        long start = block * superblock.blockSize();
        return read(inode, start, (int) Math.min(superblock.blockSize(), inode.size() - start));
    }

    /**
     * Bytes of contents in the image itself.
     *
     * @throws ErofsException also if they are stored in pieces
     */
    ByteBuffer read(ErofsInode inode, long start, int length) throws IOException {
        for (ErofsExtent extent : flat(inode)) {
            long before = start - extent.fileOffset();
            if (extent.device() == 0 && before >= 0 && before <= extent.length() - length) {
                return image.read(extent.deviceOffset() + before, length);
            }
        }
        throw new ErofsException("inode " + inode.nid() + " has no " + length + " bytes at " + start + " in the image");
    }

    /** All contents as ranges, in the order of the file, neighbours joined. */
    List<ErofsExtent> extents(ErofsInode inode) throws IOException {
        if (inode.size() == 0) {
            return List.of();
        }
        return switch (inode.dataLayout()) {
            case OnDisk.LAYOUT_CHUNKS -> {
                List<ErofsExtent> extents = new ArrayList<>();
                chunks.read(inode, chunk -> append(extents, chunk.toExtent()));
                yield extents;
            }
            case OnDisk.LAYOUT_PLAIN, OnDisk.LAYOUT_INLINE -> flat(inode);
            default -> throw new ErofsException("inode " + inode.nid() + " is compressed, which is not supported");
        };
    }

    List<ErofsChunk> listChunks(ErofsInode inode) throws IOException {
        if (!inode.isRegularFile() || inode.dataLayout() != OnDisk.LAYOUT_CHUNKS) {
            throw new ErofsException("inode " + inode.nid() + " is no regular file that is stored in chunks");
        }
        List<ErofsChunk> all = new ArrayList<>();
        if (inode.size() > 0) {
            chunks.read(inode, all::add);
        }
        return all;
    }

    private List<ErofsExtent> flat(ErofsInode inode) throws ErofsException {
        boolean inline = inode.dataLayout() == OnDisk.LAYOUT_INLINE;
        if (!inline && inode.dataLayout() != OnDisk.LAYOUT_PLAIN) {
            throw new ErofsException("contents of inode " + inode.nid() + " are not in the image");
        }
        int blockSize = superblock.blockSize();
        long tail = inline && inode.size() > 0 ? (inode.size() - 1) % blockSize + 1 : 0;
        long full = inode.size() - tail;
        List<ErofsExtent> extents = new ArrayList<>(2);
        if (full > 0) {
            extents.add(blocks(inode, full));
        }
        if (tail > 0) {
            long start = inode.bodyOffset();
            image.check(start, tail);
            if (start % blockSize + tail > blockSize) {
                throw new ErofsException("inline contents of inode " + inode.nid() + " cross a block");
            }
            extents.add(new ErofsExtent(full, tail, 0, start));
        }
        return extents;
    }

    private ErofsExtent blocks(ErofsInode inode, long length) throws ErofsException {
        if (inode.startBlock() == ErofsInode.NO_BLOCK) {
            return new ErofsExtent(0, length, ErofsExtent.HOLE, 0);
        }
        DeviceAddress address = DeviceAddress.of(superblock, 0, inode.startBlock());
        if (address.device() > 0) {
            address.check(superblock, inode, length);
        } else if (address.block() > image.size() / superblock.blockSize()) {
            throw new ErofsException("contents of inode " + inode.nid() + " are outside of the image");
        } else {
            image.check(address.block() * superblock.blockSize(), length);
        }
        return new ErofsExtent(0, length, address.device(), address.block() * superblock.blockSize());
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
