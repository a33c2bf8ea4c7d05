package dev.sluice.layer.zstdchunked;

import dev.sluice.layer.InvalidLayerException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the compressed table of contents lies in a blob. Nobody vouches for that; what lies there is vouched for.
 *
 * @param offset in bytes; the header of the skippable frame around it comes before
 * @param compressed length in bytes, at least 1
 * @param json length in bytes of what it decodes to
 */
record TocPosition(long offset, long compressed, long json) {
    /** Length of a skippable frame's header. */
    static final int FRAME_HEADER = 8;
    /** The only type of tables of contents that there is: like those of eStargz. */
    static final long TYPE = 1;

    private static final Pattern TEXT = Pattern.compile("([0-9]{1,18}):([0-9]{1,18}):([0-9]{1,18}):([0-9]{1,18})");

    /**
     * Checks a position.
     *
     * @param blobSize in bytes
     * @throws InvalidLayerException if it lies outside of the blob, or the type is unknown
     */
    static TocPosition of(long offset, long compressed, long json, long type, long blobSize)
            throws InvalidLayerException {
        if (type != TYPE) {
            throw new InvalidLayerException("table of contents has the type " + type + ", expected " + TYPE);
        }
        if (offset < FRAME_HEADER || compressed <= 0 || compressed > blobSize || offset > blobSize - compressed) {
            throw new InvalidLayerException("table of contents of " + compressed + " bytes at " + offset
                    + " is empty or outside of a blob of " + blobSize + " bytes");
        }
        return new TocPosition(offset, compressed, json);
    }

    /** Parses {@code offset:compressed:json:type}, as it stands in annotations. Otherwise like {@link #of}. */
    static TocPosition parse(String text, long blobSize) throws InvalidLayerException {
        Matcher numbers = TEXT.matcher(text);
        if (!numbers.matches()) {
            throw new InvalidLayerException("annotation with the position of the table of contents is malformed");
        }
        return of(
                Long.parseLong(numbers.group(1)),
                Long.parseLong(numbers.group(2)),
                Long.parseLong(numbers.group(3)),
                Long.parseLong(numbers.group(4)),
                blobSize);
    }
}
