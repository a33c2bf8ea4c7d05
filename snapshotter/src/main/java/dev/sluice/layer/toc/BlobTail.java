package dev.sluice.layer.toc;

import dev.sluice.layer.Blob;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;

/** The last bytes of a blob, read at once: enough for the footer, and mostly for the table of contents before it. */
public record BlobTail(Blob blob, Blob.Source source, byte[] bytes) {
    private static final long MIN = 256 << 10;
    private static final long MAX = 2 << 20;
    private static final int PART = 64;

    /** Reads the tail: a 64th of the blob, which is what tables of contents take, but 256 KiB to 2 MiB. */
    public static BlobTail read(Blob blob, Blob.Source source) throws IOException {
        int length = (int) Math.min(blob.size(), Math.max(MIN, Math.min(MAX, blob.size() / PART)));
        ByteBuffer bytes = ByteBuffer.wrap(new byte[length]);
        if (length > 0) {
            try (ReadableByteChannel channel = blob.read(blob.size() - length, length, source)) {
                while (bytes.hasRemaining()) {
                    if (channel.read(bytes) < 0) {
                        throw new EOFException("blob ends " + bytes.remaining() + " bytes early");
                    }
                }
            }
        }
        return new BlobTail(blob, source, bytes.array());
    }

    /** The bytes {@code [from, to)} of the blob. What the tail lacks is read from the blob. */
    public InputStream open(long from, long to) throws IOException {
        long tailStart = blob.size() - bytes.length;
        if (to <= tailStart) {
            return Channels.newInputStream(blob.read(from, to - from, source));
        }
        int begin = (int) Math.max(0, from - tailStart);
        InputStream end = new ByteArrayInputStream(bytes, begin, (int) (to - tailStart) - begin);
        if (from >= tailStart) {
            return end;
        }
        return new SequenceInputStream(Channels.newInputStream(blob.read(from, tailStart - from, source)), end);
    }
}
