package dev.sluice.layer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Decodes gzip members (RFC 1952) that follow each other until the output is full. Checksums are not looked at. For use by one thread. */
final class GzipMembers {
    private static final int MAGIC = 0x8B1F;
    private static final int DEFLATE = 8;
    private static final int HEADER = 10;
    private static final int TRAILER = 8;
    private static final int FHCRC = 2;
    private static final int FEXTRA = 4;
    private static final int FNAME = 8;
    private static final int FCOMMENT = 16;
    private static final int RESERVED = 0xE0;

    private final Inflater inflater;
    private final ByteBuffer in;
    private final ByteBuffer out;

    /**
     * @param inflater without a header of its own
     * @param compressed its position stays
     * @param out is filled to its limit
     */
    GzipMembers(Inflater inflater, ByteBuffer compressed, ByteBuffer out) {
        this.inflater = inflater;
        this.in = compressed.slice().order(ByteOrder.LITTLE_ENDIAN);
        this.out = out;
    }

    /** Decodes from the header of a member on. */
    void decode() throws IOException {
        while (out.hasRemaining()) {
            skipHeader();
            inflater.reset();
            inflateMember();
        }
    }

    /**
     * Decodes from within a member on.
     *
     * @param skipped how many bytes of the input the inflater has been given already
     */
    void decodeRest(int skipped) throws IOException {
        in.position(skipped);
        inflateMember();
        decode();
    }

    /** Up to the end of the member, trailer included, or until the output is full. */
    private void inflateMember() throws IOException {
        inflater.setInput(in);
        try {
            while (out.hasRemaining() && !inflater.finished()) {
                int count = inflater.inflate(out);
                if (count == 0 && !inflater.finished()) {
                    if (inflater.needsDictionary()) {
                        throw new IOException("gzip data want a preset dictionary, which gzip has not");
                    }
                    throw endsEarly();
                }
            }
        } catch (DataFormatException e) {
            throw new IOException("gzip data are malformed near byte " + in.position() + ": " + e.getMessage(), e);
        }
        if (out.hasRemaining()) {
            if (in.remaining() < TRAILER) {
                throw endsEarly();
            }
            in.position(in.position() + TRAILER);
        }
    }

    private IOException endsEarly() {
        return new IOException("gzip data end before the last " + out.remaining() + " bytes of the span");
    }

    private void skipHeader() throws IOException {
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
            skip(2);
            skip(in.getShort(in.position() - 2) & 0xFFFF);
        }
        if ((flags & FNAME) != 0) {
            skipString();
        }
        if ((flags & FCOMMENT) != 0) {
            skipString();
        }
        if ((flags & FHCRC) != 0) {
            skip(2);
        }
    }

    private void skipString() throws IOException {
        do {
            skip(1);
        } while (in.get(in.position() - 1) != 0);
    }

    private void skip(int count) throws IOException {
        if (in.remaining() < count) {
            throw new IOException("gzip header at the end of the span is cut off");
        }
        in.position(in.position() + count);
    }
}
