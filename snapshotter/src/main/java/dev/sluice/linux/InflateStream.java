package dev.sluice.linux;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import org.jspecify.annotations.Nullable;

/**
 * Decodes gzip members (RFC 1952) with zlib; checks their headers, checksums and lengths. For use by one thread. To be closed: the
 * memory behind it is not the collector's.
 */
public final class InflateStream implements AutoCloseable {
    /** Deflate refers back so far at most, in bytes. */
    public static final int WINDOW = 32 << 10;

    /** {@code z_stream} on 64-bit machines, from {@code zlib.h}. */
    private static final int SIZE = 112;

    private static final int NEXT_IN = 0;
    private static final int AVAIL_IN = 8;
    private static final int NEXT_OUT = 24;
    private static final int AVAIL_OUT = 32;
    private static final int MSG = 48;
    private static final int DATA_TYPE = 88;
    /** Behind the struct: what {@code inflateGetDictionary} says. */
    private static final int WINDOW_LENGTH = SIZE;

    /** The largest window, and 16 for gzip. */
    private static final int WINDOW_BITS = 15 + 16;
    /** zlib compares the first character only. */
    private static final byte[] VERSION = {'1', 0};

    private static final int Z_NO_FLUSH = 0;
    private static final int Z_BLOCK = 5;
    private static final int Z_OK = 0;
    private static final int Z_STREAM_END = 1;
    private static final int Z_MEM_ERROR = -4;
    private static final int Z_BUF_ERROR = -5;

    private static final int UNUSED_BITS = 7;
    private static final int IN_LAST_BLOCK = 64;
    private static final int AT_BLOCK = 128;

    private final Zlib.LibZ libz;
    private final Pointer stream;
    private boolean isOpen = true;
    private final LastAddress lastIn;
    private final LastAddress lastOut;

    /** Where {@link #inflate} has stopped. */
    public enum Stop {
        /** There is no input left, or no space. */
        ANYWHERE,
        /** Before a block; {@link #unusedBits} and {@link #window} can be asked. */
        BEFORE_BLOCK,
        /** Behind the trailer of a member; {@link #reset} before the next one. */
        MEMBER_END
    }

    InflateStream(Zlib.LibZ libz, Runtime runtime) {
        this.libz = libz;
        this.lastIn = new LastAddress(runtime);
        this.lastOut = new LastAddress(runtime);
        this.stream = Memory.allocateDirect(runtime, SIZE + Long.BYTES, true);
        int result = libz.inflateInit2_(stream, WINDOW_BITS, VERSION, SIZE);
        if (result == Z_MEM_ERROR) {
            throw new OutOfMemoryError("zlib gets no memory");
        }
        if (result != Z_OK) {
            throw new IllegalStateException("zlib refuses to start: " + result);
        }
    }

    /**
     * Decodes until it has to stop; moves the positions of both buffers.
     *
     * @param in direct
     * @param out direct, with space left
     * @param toBlock whether to stop before the next block
     * @throws DataFormatException if the data are malformed
     */
    public Stop inflate(ByteBuffer in, ByteBuffer out, boolean toBlock) throws DataFormatException {
        requireOpen();
        if (out.isReadOnly()) {
            throw new IllegalArgumentException("buffer is read-only");
        }
        int available = in.remaining();
        int space = out.remaining();
        stream.putLong(NEXT_IN, lastIn.of(in) + in.position());
        stream.putInt(AVAIL_IN, available);
        stream.putLong(NEXT_OUT, lastOut.of(out) + out.position());
        stream.putInt(AVAIL_OUT, space);
        int result = libz.inflate(stream, toBlock ? Z_BLOCK : Z_NO_FLUSH);
        int left = stream.getInt(AVAIL_IN);
        in.position(in.position() + available - left);
        out.position(out.position() + space - stream.getInt(AVAIL_OUT));
        return switch (result) {
            case Z_STREAM_END -> Stop.MEMBER_END;
            // Only says that there was nothing to do.
            case Z_OK, Z_BUF_ERROR -> toBlock && isBeforeBlock() ? Stop.BEFORE_BLOCK : Stop.ANYWHERE;
            case Z_MEM_ERROR -> throw new OutOfMemoryError("zlib gets no memory");
            default -> throw new DataFormatException(message(result));
        };
    }

    private boolean isBeforeBlock() {
        return (stream.getInt(DATA_TYPE) & (AT_BLOCK | IN_LAST_BLOCK)) == AT_BLOCK;
    }

    /** After {@link Stop#BEFORE_BLOCK}: how many high bits of the last byte taken belong to the block that follows, 0 to 7. */
    public int unusedBits() {
        return stream.getInt(DATA_TYPE) & UNUSED_BITS;
    }

    /**
     * Copies the last decoded bytes of this member, as many as it has, to the start of a buffer.
     *
     * @param into direct, with {@link #WINDOW} bytes of space from its position, which does not move
     * @return how many bytes, at most {@link #WINDOW}
     */
    public int window(ByteBuffer into) {
        requireOpen();
        if (!into.isDirect() || into.remaining() < WINDOW) {
            throw new IllegalArgumentException("no room for a window");
        }
        stream.putInt(WINDOW_LENGTH, 0);
        int result = libz.inflateGetDictionary(stream, into, stream.slice(WINDOW_LENGTH, Integer.BYTES));
        if (result != Z_OK) {
            throw new IllegalStateException("zlib has no window: " + result);
        }
        return stream.getInt(WINDOW_LENGTH);
    }

    /** Makes ready for a new member. */
    public void reset() {
        requireOpen();
        int result = libz.inflateReset(stream);
        if (result != Z_OK) {
            throw new IllegalStateException("zlib cannot begin anew: " + result);
        }
    }

    @Override
    public void close() {
        if (isOpen) {
            isOpen = false;
            try {
                libz.inflateEnd(stream);
            } finally {
                // Nothing else keeps the struct from the collector any more.
                Reference.reachabilityFence(stream);
            }
        }
    }

    private void requireOpen() {
        if (!isOpen) {
            throw new IllegalStateException("inflate stream is closed");
        }
    }

    private String message(int result) {
        @Nullable Pointer text = stream.getPointer(MSG);
        return text == null ? "zlib error " + result : text.getString(0, 256, US_ASCII);
    }

    /**
     * The address of a direct buffer costs a call into the JVM, and the same buffers come again and again. Holds on to the last one, so
     * that its memory stays while zlib uses it.
     */
    private static final class LastAddress {
        private final Runtime runtime;
        private @Nullable ByteBuffer buffer;
        private long address;

        LastAddress(Runtime runtime) {
            this.runtime = runtime;
        }

        /** Of index 0. */
        @SuppressWarnings("ReferenceEquality") // Equal contents are elsewhere.
        long of(ByteBuffer wanted) {
            if (wanted != buffer) {
                if (!wanted.isDirect()) {
                    throw new IllegalArgumentException("buffer is not direct");
                }
                // That of the position, by jnr.
                address = Pointer.wrap(runtime, wanted.duplicate().clear()).address();
                buffer = wanted;
            }
            return address;
        }
    }
}
