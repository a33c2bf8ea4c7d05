package dev.sluice.erofs;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The bytes of an image, every access checked against its size. Safe for use by many threads. */
sealed interface ImageBytes extends Closeable {
    static ImageBytes open(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        try {
            return new InFile(channel, channel.size());
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Size in bytes. */
    long size();

    /**
     * Some bytes, little-endian, from position 0 to the limit of the buffer.
     *
     * @throws ErofsException if they are not all within the image
     */
    ByteBuffer read(long offset, int length) throws IOException;

    /** Throws unless a range lies within the image. */
    default void check(long offset, long length) throws ErofsException {
        if (offset < 0 || length < 0 || length > size() || offset > size() - length) {
            throw new ErofsException(
                    length + " bytes at " + offset + " are outside of an image of " + size() + " bytes");
        }
    }

    /** An image in a file, which nobody should change meanwhile. */
    record InFile(FileChannel channel, long size) implements ImageBytes {
        @Override
        public ByteBuffer read(long offset, int length) throws IOException {
            check(offset, length);
            ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
            while (buffer.hasRemaining()) {
                if (channel.read(buffer, offset + buffer.position()) < 0) {
                    throw new ErofsException("image has been cut off while it was read");
                }
            }
            return buffer.flip();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /** An image that somebody else reads for us. */
    record Elsewhere(ErofsSource source) implements ImageBytes {
        @Override
        public long size() {
            return source.size();
        }

        @Override
        public ByteBuffer read(long offset, int length) throws IOException {
            check(offset, length);
            return source.read(offset, length).order(ByteOrder.LITTLE_ENDIAN);
        }

        @Override
        public void close() {}
    }

    /** An image in memory. */
    record InMemory(ByteBuffer bytes) implements ImageBytes {
        @Override
        public long size() {
            return bytes.capacity();
        }

        @Override
        public ByteBuffer read(long offset, int length) throws ErofsException {
            check(offset, length);
            return bytes.slice((int) offset, length).order(ByteOrder.LITTLE_ENDIAN);
        }

        @Override
        public void close() {}
    }
}
