package dev.sluice.layer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Decodes one or several gzip members (RFC 1952) that follow each other from the start of the span. It stops as soon as the output
 * is full, so what follows may be anything. Checksums of members are not looked at: the digests of extents say more.
 */
public final class GzipDecoder implements Decoder {
    /** {@link #id}. */
    public static final int ID = 1;

    private static final int MAGIC = 0x8B1F;
    private static final int DEFLATE = 8;
    private static final int HEADER = 10;
    private static final int TRAILER = 8;
    private static final int FHCRC = 2;
    private static final int FEXTRA = 4;
    private static final int FNAME = 8;
    private static final int FCOMMENT = 16;
    private static final int RESERVED = 0xE0;

    @Override
    public int id() {
        return ID;
    }

    @Override
    public void decode(ByteBuffer compressed, ByteBuffer auxiliary, ByteBuffer decoded) throws IOException {
        ByteBuffer in = compressed.slice().order(ByteOrder.LITTLE_ENDIAN);
        // Costs a few microseconds; a pool would have to be emptied by somebody.
        Inflater inflater = new Inflater(true);
        try {
            while (decoded.hasRemaining()) {
                skipHeader(in);
                inflater.reset();
                inflateMember(inflater, in, decoded);
            }
        } catch (DataFormatException e) {
            throw new IOException("gzip data are malformed near byte " + in.position() + ": " + e.getMessage(), e);
        } finally {
            inflater.end();
        }
    }

    /** Up to the end of the member, trailer included, or until {@code decoded} is full. */
    private static void inflateMember(Inflater inflater, ByteBuffer in, ByteBuffer decoded)
            throws IOException, DataFormatException {
        inflater.setInput(in);
        while (decoded.hasRemaining() && !inflater.finished()) {
            int count = inflater.inflate(decoded);
            if (count == 0 && !inflater.finished()) {
                if (inflater.needsDictionary()) {
                    throw new IOException("gzip data want a preset dictionary, which gzip has not");
                }
                throw endsEarly(decoded);
            }
        }
        if (decoded.hasRemaining()) {
            if (in.remaining() < TRAILER) {
                throw endsEarly(decoded);
            }
            in.position(in.position() + TRAILER);
        }
    }

    private static IOException endsEarly(ByteBuffer decoded) {
        return new IOException("gzip data end before the last " + decoded.remaining() + " bytes of the span");
    }

    private static void skipHeader(ByteBuffer in) throws IOException {
        int start = in.position();
        if (in.remaining() < HEADER) {
            throw new IOException("no gzip header at byte " + start + ": only " + in.remaining() + " bytes are left");
        }
        if ((in.getShort(start) & 0xFFFF) != MAGIC || in.get(start + 2) != DEFLATE) {
            throw new IOException("no gzip header at byte " + start);
        }
        int flags = in.get(start + 3);
        if ((flags & RESERVED) != 0) {
            throw new IOException("gzip header at byte " + start + " has reserved flags: " + (flags & 0xFF));
        }
        in.position(start + HEADER);
        if ((flags & FEXTRA) != 0) {
            skip(in, 2);
            skip(in, in.getShort(in.position() - 2) & 0xFFFF);
        }
        if ((flags & FNAME) != 0) {
            skipString(in);
        }
        if ((flags & FCOMMENT) != 0) {
            skipString(in);
        }
        if ((flags & FHCRC) != 0) {
            skip(in, 2);
        }
    }

    private static void skipString(ByteBuffer in) throws IOException {
        do {
            skip(in, 1);
        } while (in.get(in.position() - 1) != 0);
    }

    private static void skip(ByteBuffer in, int count) throws IOException {
        if (in.remaining() < count) {
            throw new IOException("gzip header at the end of the span is cut off");
        }
        in.position(in.position() + count);
    }
}
