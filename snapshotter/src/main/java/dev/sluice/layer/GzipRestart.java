package dev.sluice.layer;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * What {@link GzipSpanDecoder} needs to begin between two deflate blocks. As bytes, the auxiliary of a span:
 *
 * <pre>
 * nothing                       the span begins with the header of a member
 * bits u8 | window, deflated    the span begins with a block: with the highest {@code bits} bits (0 to 7) of its first byte, or with
 *                               the first byte as a whole if they are 0. The window is a raw deflate stream (RFC 1951).
 * </pre>
 *
 * @param bits how many bits of the span's first byte belong to it, 0 for all eight
 * @param window the decoded bytes before the span, of its member, at most {@link #WINDOW}; not changed by anybody
 */
public record GzipRestart(int bits, byte[] window) {
    /** Deflate refers back so far at most, in bytes. */
    public static final int WINDOW = 32 << 10;

    /** Stored blocks are the worst case. */
    private static final int MAX_LENGTH = 1 + WINDOW + 64;
    /** Of sizes within 3 % of the best level's, in a sixth of its time. */
    private static final int LEVEL = 4;

    public GzipRestart {
        requireNonNull(window, "window is null");
        if (bits < 0 || bits > 7 || window.length > WINDOW) {
            throw new IllegalArgumentException("no restart: " + bits + " bits, window of " + window.length + " bytes");
        }
    }

    /** The auxiliary of a span. */
    public byte[] toAuxiliary() {
        ByteBuffer auxiliary = ByteBuffer.allocate(MAX_LENGTH).put((byte) bits);
        Deflater deflater = new Deflater(LEVEL, true);
        try {
            deflater.setInput(window);
            deflater.finish();
            deflater.deflate(auxiliary);
            if (!deflater.finished()) {
                throw new IllegalStateException("a deflated window is longer than it can be");
            }
        } finally {
            deflater.end();
        }
        byte[] bytes = new byte[auxiliary.flip().remaining()];
        auxiliary.get(bytes);
        return bytes;
    }

    /**
     * Reads what {@link #toAuxiliary} wrote.
     *
     * @param auxiliary not empty; its position stays
     * @throws IOException if it is something else
     */
    static GzipRestart ofAuxiliary(ByteBuffer auxiliary) throws IOException {
        ByteBuffer in = auxiliary.slice();
        int bits = in.get();
        if (bits < 0 || bits > 7) {
            throw new IOException("restart point begins within a byte at bit " + bits);
        }
        // One byte more, to see whether there is more than a window.
        ByteBuffer window = ByteBuffer.allocate(WINDOW + 1);
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(in);
            while (!inflater.finished()) {
                if (inflater.inflate(window) == 0 && !inflater.finished()) {
                    throw new IOException("window of the restart point is cut off or too long");
                }
            }
        } catch (DataFormatException e) {
            throw new IOException("window of the restart point is malformed: " + e.getMessage(), e);
        } finally {
            inflater.end();
        }
        if (in.hasRemaining() || window.position() > WINDOW) {
            throw new IOException("window of the restart point is too long");
        }
        byte[] bytes = new byte[window.flip().remaining()];
        window.get(bytes);
        return new GzipRestart(bits, bytes);
    }
}
