package dev.sluice.layer;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The bytes of a foreign zstd frame, of which exactly so many are wanted as were promised. Not safe for use by many threads. */
public final class ZstdInput implements AutoCloseable {
    /** Of the memory that the sender may make us use: 8 MiB. What we write needs less. */
    private static final int MAX_WINDOW_LOG = 23;

    private final ZstdInputStreamNoFinalizer in;
    private long left;

    /**
     * @param frame on the heap, from position to limit
     * @param size how many bytes it decodes to
     */
    public ZstdInput(ByteBuffer frame, long size) throws IOException {
        in = new ZstdInputStreamNoFinalizer(
                new ByteArrayInputStream(frame.array(), frame.arrayOffset() + frame.position(), frame.remaining()));
        in.setLongMax(MAX_WINDOW_LOG);
        left = size;
    }

    /**
     * Reads the next bytes into the beginning of a buffer.
     *
     * @return a view of them, little-endian
     * @throws InvalidLayerException if there are fewer
     */
    public ByteBuffer read(byte[] buffer, int count) throws IOException {
        if (count > left) {
            throw new InvalidLayerException("index has fewer bytes than it promises");
        }
        try {
            int read = in.readNBytes(buffer, 0, count);
            if (read < count) {
                throw new EOFException("end of the zstd frame");
            }
        } catch (IOException e) {
            throw new InvalidLayerException("index is malformed: " + e.getMessage(), e);
        }
        left -= count;
        return ByteBuffer.wrap(buffer, 0, count).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** @throws InvalidLayerException if there are more bytes than were read, or promised */
    public void finish() throws IOException {
        boolean isEnd;
        try {
            isEnd = in.read() < 0;
        } catch (IOException e) {
            throw new InvalidLayerException("index is malformed: " + e.getMessage(), e);
        }
        if (left != 0 || !isEnd) {
            throw new InvalidLayerException("index has more bytes than it needs");
        }
    }

    /** Frees native memory. */
    @Override
    public void close() throws IOException {
        in.close();
    }
}
