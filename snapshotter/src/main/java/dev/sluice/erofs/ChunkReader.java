package dev.sluice.erofs;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Reads the indexes of files that are stored in chunks. */
final class ChunkReader {
    private static final int READ_AHEAD = 64 << 10;
    private static final int FORMATS = OnDisk.CHUNK_BITS_MASK | OnDisk.CHUNK_INDEXES | OnDisk.CHUNK_48BIT;
    private static final long HOLE_32 = 0xFFFF_FFFFL;
    private static final long HOLE_48 = 0xFFFF_FFFF_FFFFL;

    private final ImageBytes image;
    private final ErofsSuperblock superblock;
    private final int deviceMask;

    interface Sink {
        void accept(ErofsChunk chunk) throws ErofsException;
    }

    ChunkReader(ImageBytes image, ErofsSuperblock superblock) {
        this.image = image;
        this.superblock = superblock;
        // As many bits as the numbers of all devices need: nydus has something else in the rest.
        int devices = superblock.devices().size();
        this.deviceMask = devices == 0 ? 0 : (Integer.highestOneBit(devices) << 1) - 1;
    }

    /** Shows all chunks of a file that is not empty, in their order. */
    void read(ErofsInode inode, Sink sink) throws IOException {
        int format = inode.detail() & 0xFFFF;
        if ((format & ~FORMATS) != 0) {
            throw new ErofsException(
                    "inode " + inode.nid() + " has an unknown chunk format: 0x" + Integer.toHexString(format));
        }
        boolean indexes = (format & OnDisk.CHUNK_INDEXES) != 0;
        int unit = indexes ? OnDisk.CHUNK_INDEX : OnDisk.CHUNK_ADDRESS;
        long chunkSize = (long) superblock.blockSize() << (format & OnDisk.CHUNK_BITS_MASK);
        long count = (inode.size() - 1) / chunkSize + 1;
        long start = OnDisk.align(inode.bodyOffset(), unit);
        if (count > image.size() / unit) {
            throw new ErofsException("inode " + inode.nid() + " has more chunks than the image can hold");
        }
        image.check(start, count * unit);
        boolean large = (format & OnDisk.CHUNK_48BIT) != 0;
        ByteBuffer table = ByteBuffer.allocate(0);
        for (long i = 0; i < count; i++) {
            if (!table.hasRemaining()) {
                table = image.read(start + i * unit, (int) Math.min(READ_AHEAD, (count - i) * unit));
            }
            int low = indexes ? Short.toUnsignedInt(table.getShort()) : 0;
            int high = indexes ? Short.toUnsignedInt(table.getShort()) : 0;
            long block = Integer.toUnsignedLong(table.getInt());
            if (large) {
                block |= (long) low << 32;
            }
            long length = Math.min(chunkSize, inode.size() - i * chunkSize);
            sink.accept(chunk(inode, i * chunkSize, length, low, high, block, large ? HOLE_48 : HOLE_32));
        }
    }

    private ErofsChunk chunk(ErofsInode inode, long fileOffset, long length, int low, int high, long block, long hole)
            throws ErofsException {
        if (block == hole) {
            return ErofsChunk.hole(fileOffset, length, low, high);
        }
        DeviceAddress address = DeviceAddress.of(superblock, high & deviceMask, block);
        address.check(superblock, inode, length);
        return new ErofsChunk(
                fileOffset, length, address.device(), address.block() * superblock.blockSize(), low, high);
    }
}
