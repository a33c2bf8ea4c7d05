package dev.sluice.layer.tar;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.sluice.layer.InvalidLayerException;

/** Numbers as they stand in tars, read as Go's archive/tar reads them. */
final class Numbers {
    private Numbers() {}

    /**
     * A number of a header: octal digits between spaces and NULs, or, if the highest bit is set, GNU's base 256, big-endian two's
     * complement.
     *
     * @throws InvalidLayerException if it is neither, or does not fit 64 bits
     */
    static long field(byte[] block, int at, int length) throws InvalidLayerException {
        return block[at] < 0 ? base256(block, at, length) : octal(block, at, length);
    }

    /** @throws InvalidLayerException if there is something else than octal digits between spaces and NULs */
    static long octal(byte[] block, int at, int length) throws InvalidLayerException {
        int start = at;
        int end = at + length;
        while (start < end && isPadding(block[start])) {
            start++;
        }
        while (start < end && isPadding(block[end - 1])) {
            end--;
        }
        long value = 0;
        for (int i = start; i < end && block[i] != 0; i++) {
            if (block[i] < '0' || block[i] > '7') {
                throw new InvalidLayerException("tar header has a malformed number");
            }
            value = value << 3 | (block[i] - '0');
        }
        return value;
    }

    private static boolean isPadding(byte b) {
        return b == 0 || b == ' ';
    }

    private static long base256(byte[] block, int at, int length) throws InvalidLayerException {
        int invert = (block[at] & 0x40) != 0 ? 0xFF : 0;
        long value = 0;
        for (int i = 0; i < length; i++) {
            int b = (block[at + i] ^ invert) & (i == 0 ? 0x7F : 0xFF);
            if (value >>> 56 != 0) {
                throw new InvalidLayerException("tar header has a number of more than 64 bits");
            }
            value = value << 8 | b;
        }
        if (value < 0) {
            throw new InvalidLayerException("tar header has a number of more than 64 bits");
        }
        return invert == 0 ? value : ~value;
    }

    /** @throws InvalidLayerException if it is not a decimal number, with or without a sign, of 64 bits */
    static long decimal(String text) throws InvalidLayerException {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new InvalidLayerException("tar has a malformed decimal number", e);
        }
    }

    /** Like {@link #decimal(String)}. */
    static long decimal(byte[] text) throws InvalidLayerException {
        return decimal(new String(text, ISO_8859_1));
    }
}
