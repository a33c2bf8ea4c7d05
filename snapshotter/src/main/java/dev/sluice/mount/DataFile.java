package dev.sluice.mount;

import dev.sluice.layer.FileSink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The data device of a layer that is fetched as a whole: one file, written from its beginning to its end in large pieces. What is skipped
 * is zeros; long gaps stay holes. For one thread.
 */
final class DataFile implements FileSink, AutoCloseable {
    private static final int BUFFER = 1 << 20;
    /** A shorter gap costs less as zeros than as a write of its own. */
    private static final int LONG_GAP = 64 << 10;

    private final FileChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    /** Where the buffer's first byte goes. */
    private long start;

    private DataFile(FileChannel channel) {
        this.channel = channel;
    }

    /** @param path of a file that is not there yet */
    static DataFile create(Path path) throws IOException {
        return new DataFile(FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
    }

    @Override
    public void write(long deviceOffset, ByteBuffer bytes) throws IOException {
        long gap = deviceOffset - start - buffer.position();
        if (gap < 0) {
            throw new IOException("bytes of a layer's files come out of order, at " + deviceOffset);
        }
        if (gap >= LONG_GAP) {
            flush();
            start = deviceOffset;
        } else {
            pad((int) gap);
        }
        while (bytes.hasRemaining()) {
            if (!buffer.hasRemaining()) {
                flush();
            }
            int length = Math.min(buffer.remaining(), bytes.remaining());
            buffer.put(buffer.position(), bytes, bytes.position(), length);
            buffer.position(buffer.position() + length);
            bytes.position(bytes.position() + length);
        }
    }

    private void pad(int gap) throws IOException {
        for (int left = gap; left > 0; left--) {
            if (!buffer.hasRemaining()) {
                flush();
            }
            buffer.put((byte) 0);
        }
    }

    private void flush() throws IOException {
        buffer.flip();
        long at = start;
        while (buffer.hasRemaining()) {
            at += channel.write(buffer, at);
        }
        start = at;
        buffer.clear();
    }

    /**
     * Writes what is left.
     *
     * @param size of the device, in bytes
     */
    void finish(long size) throws IOException {
        flush();
        if (channel.size() < size) {
            // One byte sets the size: what lies before it is a hole.
            channel.write(ByteBuffer.allocate(1), size - 1);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
