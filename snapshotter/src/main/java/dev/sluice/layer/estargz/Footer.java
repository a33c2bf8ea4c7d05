package dev.sluice.layer.estargz;

import dev.sluice.layer.InvalidLayerException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The last bytes of an eStargz blob: an empty gzip member whose extra field says where the table of contents begins. From
 * <a href="https://github.com/containerd/stargz-snapshotter/blob/main/docs/estargz.md">the specification</a>, little-endian:
 *
 * <pre>
 * 51 bytes: gzip header, 10 | XLEN = 26, 2 | "SG" | 22, 2 | offset, 16 hexadecimal digits | "STARGZ" | empty block, 5 | trailer, 8
 * 47 bytes: gzip header, 10 | XLEN = 22, 2 | offset, 16 hexadecimal digits | "STARGZ" | empty block, 5 | trailer, 8
 * 46 bytes: gzip header, 10 | XLEN = 21, 2 | "SG" | 17, 2 | "STARGZEXTERNALTOC" | empty block, 5 | trailer, 8
 * </pre>
 */
sealed interface Footer {
    /** Longest of the three, in bytes. */
    int MAX_SIZE = 51;

    /**
     * @param tocOffset where the gzip member of the table of contents begins in the blob, in bytes
     * @param size of the footer, in bytes
     */
    record Toc(long tocOffset, int size) implements Footer {}

    /**
     * The table of contents is in another image.
     *
     * @param size of the footer, in bytes
     */
    record ExternalToc(int size) implements Footer {}

    /** The blob does not end in a footer. */
    record None() implements Footer {}

    /**
     * Looks for a footer.
     *
     * @param tail the last bytes of the blob, at least {@link #MAX_SIZE}, or all
     * @param blobSize in bytes
     * @throws InvalidLayerException if there is a footer but its offset is malformed or lies outside of the blob
     */
    static Footer parse(ByteBuffer tail, long blobSize) throws InvalidLayerException {
        if (isMember(tail, 51, 26) && startsWith(tail, 51, 12, "SG\u0016\0") && startsWith(tail, 51, 32, "STARGZ")) {
            return new Toc(offset(tail, 51, 16, blobSize), 51);
        }
        if (isMember(tail, 47, 22) && startsWith(tail, 47, 28, "STARGZ")) {
            return new Toc(offset(tail, 47, 12, blobSize), 47);
        }
        if (isMember(tail, 46, 21) && startsWith(tail, 46, 12, "SG\u0011\0STARGZEXTERNALTOC")) {
            return new ExternalToc(46);
        }
        return new None();
    }

    /** Whether the last {@code size} bytes begin like a gzip member with nothing but an extra field of {@code extra} bytes. */
    private static boolean isMember(ByteBuffer tail, int size, int extra) {
        int at = tail.limit() - size;
        ByteBuffer bytes = tail.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        return at >= 0 && bytes.getInt(at) == 0x04088B1F && bytes.getShort(at + 10) == extra;
    }

    private static boolean startsWith(ByteBuffer tail, int size, int at, String text) {
        byte[] expected = text.getBytes(StandardCharsets.ISO_8859_1);
        return tail.slice(tail.limit() - size + at, expected.length).equals(ByteBuffer.wrap(expected));
    }

    private static long offset(ByteBuffer tail, int size, int at, long blobSize) throws InvalidLayerException {
        long offset = 0;
        for (int i = 0; i < 16; i++) {
            int digit = Character.digit((char) (tail.get(tail.limit() - size + at + i) & 0xFF), 16);
            if (digit < 0) {
                throw new InvalidLayerException("offset in the eStargz footer is no hexadecimal number");
            }
            offset = offset << 4 | digit;
        }
        if (offset < 0 || offset >= blobSize - size) {
            throw new InvalidLayerException("eStargz footer points to " + Long.toUnsignedString(offset)
                    + ", outside of a blob of " + blobSize + " bytes");
        }
        return offset;
    }
}
