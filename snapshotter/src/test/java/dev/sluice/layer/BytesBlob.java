package dev.sluice.layer;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.ArrayList;
import java.util.List;

/** A blob in memory that remembers what was read of it. Its other source has the same bytes, unless {@link #other} says otherwise. */
public final class BytesBlob implements Blob {
    /** One range that was read. */
    public record Read(long offset, long length, Source source) {}

    private final byte[] bytes;
    private final byte[] otherBytes;
    private final List<Read> reads = new ArrayList<>();

    public BytesBlob(byte[] bytes) {
        this(bytes, bytes);
    }

    private BytesBlob(byte[] bytes, byte[] otherBytes) {
        this.bytes = bytes;
        this.otherBytes = otherBytes;
    }

    /** The same blob, whose other source has {@code good} bytes. */
    public BytesBlob other(byte[] good) {
        return new BytesBlob(bytes, good);
    }

    public List<Read> reads() {
        return List.copyOf(reads);
    }

    @Override
    public long size() {
        return bytes.length;
    }

    @Override
    public ReadableByteChannel read(long offset, long length, Source source) throws EOFException {
        if (offset < 0 || length < 1 || offset > bytes.length - length) {
            throw new EOFException("range " + offset + "+" + length + " is outside of " + bytes.length + " bytes");
        }
        reads.add(new Read(offset, length, source));
        byte[] from = source == Source.ANY ? bytes : otherBytes;
        return Channels.newChannel(new ByteArrayInputStream(from, (int) offset, (int) length));
    }
}
