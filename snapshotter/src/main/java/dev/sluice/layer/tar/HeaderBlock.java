package dev.sluice.layer.tar;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.PathBytes;
import java.util.Arrays;

/**
 * The 512 bytes of a header: POSIX.1-1988 (ustar), with the fields that GNU tar and star put elsewhere. Only what containerd makes
 * use of is kept, but all numbers are read, because one that is malformed makes Go's archive/tar refuse the tar.
 */
final class HeaderBlock {
    static final int SIZE = 512;

    private static final int NAME = 100;
    private static final int CHECKSUM = 148;
    private static final int TYPE = 156;
    private static final int MAGIC = 257;
    private static final int PREFIX = 345;
    private static final int GNU_SPARSE = 386;
    private static final int GNU_SPARSE_PARTS = 4;
    private static final int GNU_REAL_SIZE = 483;
    private static final int SPARSE_PART = 24;
    private static final int STAR_TRAILER = 508;

    /** Parts of a sparse file in a header of their own. */
    private static final int EXTENSION_PARTS = 21;

    private static final byte[] ZEROS = new byte[SIZE];

    private enum Format {
        V7,
        USTAR,
        STAR,
        GNU
    }

    private HeaderBlock() {}

    static boolean isZero(byte[] block) {
        return Arrays.equals(block, ZEROS);
    }

    /** @throws InvalidLayerException if the checksum is wrong, or a number malformed */
    static TarHeader parse(byte[] block) throws InvalidLayerException {
        Format format = format(block);
        TarHeader header = new TarHeader();
        header.type = (char) (block[TYPE] & 0xFF);
        header.name = text(block, 0, NAME);
        header.linkName = text(block, 157, NAME);
        header.size = Numbers.field(block, 124, 12);
        header.mode = Numbers.field(block, 100, 8);
        header.uid = Numbers.field(block, 108, 8);
        header.gid = Numbers.field(block, 116, 8);
        header.mtimeSeconds = Numbers.field(block, 136, 12);
        if (format != Format.V7) {
            header.devMajor = Numbers.field(block, 329, 8);
            header.devMinor = Numbers.field(block, 337, 8);
            String prefix = prefix(block, format);
            if (!prefix.isEmpty()) {
                header.name = prefix + "/" + header.name;
            }
        }
        return header;
    }

    private static Format format(byte[] block) throws InvalidLayerException {
        int unsigned = 0;
        int signed = 0;
        for (byte b : block) {
            unsigned += b & 0xFF;
            signed += b;
        }
        // The checksum itself counts as spaces.
        for (int i = CHECKSUM; i < TYPE; i++) {
            unsigned += ' ' - (block[i] & 0xFF);
            signed += ' ' - block[i];
        }
        long checksum = Numbers.octal(block, CHECKSUM, 8);
        if (checksum != unsigned && checksum != signed) {
            throw new InvalidLayerException(
                    "tar header has the checksum " + unsigned + " and says that it is " + checksum);
        }
        if (is(block, MAGIC, "ustar\0")) {
            return is(block, STAR_TRAILER, "tar\0") ? Format.STAR : Format.USTAR;
        }
        return is(block, MAGIC, "ustar  \0") ? Format.GNU : Format.V7;
    }

    private static String prefix(byte[] block, Format format) throws InvalidLayerException {
        if (format == Format.STAR) {
            Numbers.field(block, 476, 12);
            Numbers.field(block, 488, 12);
            return text(block, PREFIX, 131);
        }
        if (format == Format.USTAR) {
            return text(block, PREFIX, 155);
        }
        if (hasGnuTimes(block)) {
            return "";
        }
        String prefix = text(block, PREFIX, 155);
        return prefix.chars().allMatch(c -> c < 0x80) ? prefix : "";
    }

    /** Early versions of Go wrote a prefix where GNU's headers have times; they are to be read still. */
    private static boolean hasGnuTimes(byte[] block) {
        try {
            for (int at = PREFIX; at < PREFIX + 24; at += 12) {
                if (block[at] != 0) {
                    Numbers.field(block, at, 12);
                }
            }
            return true;
        } catch (InvalidLayerException e) {
            return false;
        }
    }

    /**
     * Reads the parts of a sparse file from a header of type 'S', and the size that it has without them.
     *
     * @return whether more of them follow in another block
     */
    static boolean readSparse(byte[] block, TarHeader header, SparseMap map) throws InvalidLayerException {
        if (format(block) != Format.GNU) {
            throw new InvalidLayerException("tar has a sparse file of the old GNU format in another format");
        }
        header.size = Numbers.field(block, GNU_REAL_SIZE, 12);
        return readSparse(block, GNU_SPARSE, GNU_SPARSE_PARTS, map);
    }

    /** Like {@link #readSparse}, from a block that follows. */
    static boolean readSparseExtension(byte[] block, SparseMap map) throws InvalidLayerException {
        return readSparse(block, 0, EXTENSION_PARTS, map);
    }

    private static boolean readSparse(byte[] block, int start, int parts, SparseMap map) throws InvalidLayerException {
        int end = start + parts * SPARSE_PART;
        for (int at = start; at < end && block[at] != 0; at += SPARSE_PART) {
            map.add(Numbers.field(block, at, 12), Numbers.field(block, at + 12, 12));
        }
        return block[end] != 0;
    }

    /** A text that NUL or the field's end terminates, see {@link PathBytes}. */
    static String text(byte[] bytes, int at, int length) {
        int end = at;
        boolean isAscii = true;
        while (end < at + length && bytes[end] != 0) {
            isAscii &= bytes[end] > 0;
            end++;
        }
        return isAscii
                ? new String(bytes, at, end - at, ISO_8859_1)
                : PathBytes.decode(Arrays.copyOfRange(bytes, at, end));
    }

    private static boolean is(byte[] block, int at, String expected) {
        for (int i = 0; i < expected.length(); i++) {
            if (block[at + i] != expected.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
