package dev.sluice.layer;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** A blob in a file. */
public record FileBlob(Path file, long size) implements Blob {
    public static FileBlob of(Path file) throws IOException {
        return new FileBlob(file, Files.size(file));
    }

    @Override
    public ReadableByteChannel read(long offset, long length, Source source) throws IOException {
        InputStream in = Channels.newInputStream(FileChannel.open(file).position(offset));
        return Channels.newChannel(new BoundedInputStream(in, length));
    }

    /** The first bytes of another stream. */
    private static final class BoundedInputStream extends InputStream {
        private final InputStream in;
        private long left;

        BoundedInputStream(InputStream in, long length) {
            this.in = in;
            this.left = length;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            if (left == 0) {
                return -1;
            }
            int count = in.read(buffer, offset, (int) Math.min(length, left));
            left -= Math.max(count, 0);
            return count;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
