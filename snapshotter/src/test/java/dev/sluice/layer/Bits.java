package dev.sluice.layer;

import java.io.ByteArrayOutputStream;

/** Writes the bits of a deflate stream (RFC 1951). */
public final class Bits {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private int last;
    private int count;

    /** Lowest bit first, as numbers are written. */
    public Bits put(int value, int bits) {
        for (int i = 0; i < bits; i++) {
            last |= (value >> i & 1) << count;
            if (++count == 8) {
                out.write(last);
                last = 0;
                count = 0;
            }
        }
        return this;
    }

    /** Highest bit first, as codes are written. */
    public Bits putCode(int code, int bits) {
        for (int i = bits - 1; i >= 0; i--) {
            put(code >> i & 1, 1);
        }
        return this;
    }

    /** Goes to the start of a byte. */
    public Bits align() {
        return put(0, (8 - count) % 8);
    }

    /** What was written, up to the end of the byte. */
    public byte[] bytes() {
        align();
        return out.toByteArray();
    }
}
