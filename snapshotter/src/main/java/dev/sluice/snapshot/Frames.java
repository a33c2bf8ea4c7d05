package dev.sluice.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/**
 * How the files of the metadata store are framed. Big-endian.
 *
 * <pre>
 *   file   := header frame*
 *   header := magic:u64 version:u32 sequence:u64 count:u32 crc:u32
 *   frame  := length:u32 crc(length):u32 crc(sequence, payload):u32 payload:length bytes 0xA5
 * </pre>
 *
 * Checksums are CRC32C. The length has its own, so that a length that was damaged is not taken for a frame that ends beyond the
 * file; the last byte is never zero, so that a frame whose end never reached the disk is told from a damaged one; the sequence
 * number in the checksum ties a frame to its place.
 */
final class Frames {
    static final int HEADER = 28;
    static final int VERSION = 2;

    /** Had no snapshots that were settled; is read as it is. */
    private static final int FIRST_VERSION = 1;

    /** Most bytes of one payload. */
    static final int MAX_PAYLOAD = 32 << 20;

    private static final int FRAME_HEADER = 12;
    private static final byte END = (byte) 0xA5;

    private Frames() {}

    /**
     * What the header of a file says.
     *
     * @param sequence the number of the last change that precedes the frames of a journal, or that a checkpoint contains
     * @param count how many frames a checkpoint has; 0 in a journal
     */
    record Header(long sequence, int count) {}

    static ByteBuffer header(long magic, Header header) {
        return header(magic, VERSION, header);
    }

    static ByteBuffer header(long magic, int version, Header header) {
        ByteBuffer out = ByteBuffer.allocate(HEADER);
        out.putLong(magic).putInt(version).putLong(header.sequence).putInt(header.count);
        out.putInt(crc(out.duplicate().flip()));
        return out.flip();
    }

    /** Reads the header of {@code file}, whose bytes are {@code in}, and moves behind it. */
    static Header readHeader(Path file, ByteBuffer in, long magic) throws IOException {
        if (in.remaining() < HEADER) {
            throw new CorruptStoreException(file, 0, "the header is cut off");
        }
        ByteBuffer checked = in.slice(in.position(), HEADER - 4);
        long actualMagic = in.getLong();
        if (actualMagic != magic) {
            throw new CorruptStoreException(
                    file, 0, "magic is " + Long.toHexString(actualMagic) + ", expected " + Long.toHexString(magic));
        }
        int version = in.getInt();
        long sequence = in.getLong();
        int count = in.getInt();
        if (in.getInt() != crc(checked)) {
            throw new CorruptStoreException(file, 0, "the checksum of the header is wrong");
        }
        if (version < FIRST_VERSION || version > VERSION) {
            throw new UnknownStoreVersionException(file, version, VERSION);
        }
        return new Header(sequence, count);
    }

    /** Whether a file, whose header was read, is of an earlier version; whoever wrote it must not find changes of ours in it. */
    static boolean isOld(ByteBuffer file) {
        return file.getInt(Long.BYTES) < VERSION;
    }

    static ByteBuffer frame(long sequence, byte[] payload) {
        if (payload.length == 0 || payload.length > MAX_PAYLOAD) {
            throw new IllegalArgumentException("payload of a frame has " + payload.length + " bytes");
        }
        ByteBuffer out = ByteBuffer.allocate(FRAME_HEADER + payload.length + 1);
        out.putInt(payload.length);
        out.putInt(crc(out.duplicate().flip()));
        out.putInt(crc(sequence, ByteBuffer.wrap(payload)));
        out.put(payload).put(END);
        return out.flip();
    }

    /**
     * Reads frames up to the end of the file.
     *
     * @param in the bytes of {@code file}; its position moves behind the last whole frame
     * @param sequence of the first frame
     * @param payloads takes the payloads in order; what it throws as IllegalArgumentException means corrupt
     * @return how many frames there are
     * @throws CorruptStoreException if a frame is damaged. A last frame that was never written as a whole is none; it is what
     *     remains in {@code in}.
     */
    static int read(Path file, ByteBuffer in, long sequence, Consumer<ByteBuffer> payloads) throws IOException {
        int frames = 0;
        while (in.hasRemaining()) {
            int at = in.position();
            if (isTorn(in)) {
                return frames;
            }
            int length = in.getInt(at);
            if (in.getInt(at + 4) != crc(in.slice(at, 4)) || length <= 0 || length > MAX_PAYLOAD) {
                throw new CorruptStoreException(file, at, "the length of a change is damaged");
            }
            ByteBuffer payload = in.slice(at + FRAME_HEADER, length);
            if (in.getInt(at + 8) != crc(sequence + frames, payload) || in.get(at + FRAME_HEADER + length) != END) {
                throw new CorruptStoreException(file, at, "the checksum of a change is wrong");
            }
            try {
                payloads.accept(payload);
            } catch (IllegalArgumentException e) {
                throw new CorruptStoreException(file, at, String.valueOf(e.getMessage()));
            }
            in.position(at + FRAME_HEADER + length + 1);
            frames++;
        }
        return frames;
    }

    /** Whether the frame at the position was cut off by a crash: it ends beyond the file, or in zeros that were never written. */
    private static boolean isTorn(ByteBuffer in) {
        int at = in.position();
        if (in.remaining() < FRAME_HEADER) {
            return true;
        }
        int length = in.getInt(at);
        if (in.getInt(at + 4) == crc(in.slice(at, 4))) {
            long end = (long) at + FRAME_HEADER + length + 1;
            return length > 0 && (end > in.limit() || (end == in.limit() && in.get((int) end - 1) == 0));
        }
        return isZero(in.slice(at + FRAME_HEADER, in.remaining() - FRAME_HEADER));
    }

    private static boolean isZero(ByteBuffer rest) {
        while (rest.hasRemaining()) {
            if (rest.get() != 0) {
                return false;
            }
        }
        return true;
    }

    private static int crc(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    private static int crc(long sequence, ByteBuffer payload) {
        CRC32C crc = new CRC32C();
        crc.update(ByteBuffer.allocate(8).putLong(sequence).flip());
        crc.update(payload.duplicate());
        return (int) crc.getValue();
    }
}
