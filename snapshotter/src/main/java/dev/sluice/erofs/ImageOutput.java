package dev.sluice.erofs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import java.util.zip.CRC32C;

/** Writes an image from its beginning to its end through one buffer, and puts the checksum into block 0 on the way. */
final class ImageOutput {
    /** More than one extended attribute with its name and value takes. */
    private static final int CAPACITY = 128 << 10;

    private final FileChannel channel;
    private final byte[] bytes = new byte[CAPACITY];
    private final ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    private long flushed;

    ImageOutput(FileChannel channel) {
        this.channel = channel;
    }

    /** Offset in the image of the next byte. */
    long position() {
        return flushed + buffer.position();
    }

    /** The buffer, little-endian, with room for so many bytes; valid until the next call. */
    ByteBuffer room(int count) throws IOException {
        if (buffer.remaining() < count) {
            flush();
        }
        return buffer;
    }

    /** Writes zeros up to an offset that is not behind the position. */
    void padTo(long offset) throws IOException {
        long zeros = offset - position();
        if (zeros < 0) {
            throw new IllegalStateException("image is laid out wrongly: at " + position() + " already, not " + offset);
        }
        while (zeros > 0) {
            ByteBuffer out = room(1);
            int count = (int) Math.min(zeros, out.remaining());
            Arrays.fill(bytes, out.position(), out.position() + count, (byte) 0);
            out.position(out.position() + count);
            zeros -= count;
        }
    }

    /** Writes what is still in the buffer. The image must end at a block. */
    void finish() throws IOException {
        flush();
        channel.truncate(flushed);
    }

    private void flush() throws IOException {
        buffer.flip();
        if (flushed == 0) {
            putChecksum();
        }
        while (buffer.hasRemaining()) {
            flushed += channel.write(buffer, flushed);
        }
        buffer.clear();
    }

    private void putChecksum() {
        CRC32C checksum = new CRC32C();
        checksum.update(buffer.slice(OnDisk.SUPERBLOCK, OnDisk.BLOCK - OnDisk.SUPERBLOCK));
        buffer.putInt(OnDisk.SUPERBLOCK + OnDisk.CHECKSUM, ~(int) checksum.getValue());
    }
}
