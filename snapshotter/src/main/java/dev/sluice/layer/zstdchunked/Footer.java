package dev.sluice.layer.zstdchunked;

import dev.sluice.layer.InvalidLayerException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * The last bytes of a zstd:chunked blob: a skippable frame that says where the table of contents lies. Little-endian u64 each, from
 * stargz-snapshotter's {@code estargz/zstdchunked} and containers/storage's {@code pkg/chunked}:
 *
 * <pre>
 * 40 bytes: offset | compressed length | length of the JSON | type | "GnUlInUx"     stargz, and containers/storage until 2022
 * 64 bytes: the same without the magic | the same three of the tar-split | "GNUlInUx"     containers/storage
 * </pre>
 */
final class Footer {
    /** Longest footer with its frame's header, in bytes. */
    static final int MAX_SIZE = 72;

    private static final int SKIPPABLE = 0x184D2A50;
    private static final int LONG = 64;
    private static final int SHORT = 40;
    private static final long LONG_MAGIC = 0x78556E496C554E47L; // "GNUlInUx"
    private static final long SHORT_MAGIC = 0x78556E496C556E47L; // "GnUlInUx"

    private Footer() {}

    /**
     * Looks for a footer.
     *
     * @param tail the last bytes of the blob, at least {@link #MAX_SIZE}, or all
     * @param blobSize in bytes
     * @return empty if there is none
     * @throws InvalidLayerException if there is one, but it points to where no table of contents can be
     */
    static Optional<TocPosition> parse(ByteBuffer tail, long blobSize) throws InvalidLayerException {
        if (isFooter(tail, LONG, LONG_MAGIC)) {
            return Optional.of(position(tail, LONG, blobSize));
        }
        if (isFooter(tail, SHORT, SHORT_MAGIC)) {
            return Optional.of(position(tail, SHORT, blobSize));
        }
        return Optional.empty();
    }

    private static boolean isFooter(ByteBuffer tail, int size, long magic) {
        ByteBuffer bytes = tail.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        int at = tail.limit() - size - TocPosition.FRAME_HEADER;
        return at >= 0
                && bytes.getInt(at) == SKIPPABLE
                && bytes.getInt(at + 4) == size
                && bytes.getLong(tail.limit() - Long.BYTES) == magic;
    }

    private static TocPosition position(ByteBuffer tail, int size, long blobSize) throws InvalidLayerException {
        ByteBuffer bytes = tail.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        int at = tail.limit() - size;
        return TocPosition.of(
                bytes.getLong(at),
                bytes.getLong(at + 8),
                bytes.getLong(at + 16),
                bytes.getLong(at + 24),
                blobSize - size - TocPosition.FRAME_HEADER);
    }
}
