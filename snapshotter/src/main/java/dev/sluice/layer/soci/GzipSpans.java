package dev.sluice.layer.soci;

import dev.sluice.layer.Decoder;
import dev.sluice.layer.GzipRestart;
import dev.sluice.layer.GzipSpanDecoder;
import dev.sluice.layer.InvalidLayerException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Where gzip can be decoded from. Little-endian, without gaps:
 *
 * <pre>
 * checkpoints i32 | span size i64 | for each checkpoint: offset in the blob i64 | offset in the tar i64 | bits u8 | window, 32768 bytes
 * </pre>
 *
 * <p>A checkpoint lies between two deflate blocks, never at the header of a member. The offset in the blob is that of its first whole
 * byte; the highest {@code bits} bits of the byte before it belong to it, too. The window are the decoded bytes before it, the last ones
 * last. Version 1 leaves the first checkpoint out: it is behind a header of 10 bytes. A header with a name is longer, which that version
 * could not say; decoding fails there.
 */
final class GzipSpans implements ZtocSpans {
    static final int HEADER = 12;
    static final int CHECKPOINT = 17 + GzipRestart.WINDOW;

    private static final int SHORTEST_GZIP_HEADER = 10;

    private final ByteBuffer checkpoints;
    private final int count;
    /** 1 if the first one is not there. */
    private final int missing;

    private final long blobSize;

    /**
     * @param checkpoints from position to limit
     * @param blobSize where the last span ends
     */
    GzipSpans(ByteBuffer checkpoints, long blobSize) throws InvalidLayerException {
        this.checkpoints = checkpoints.slice().order(ByteOrder.LITTLE_ENDIAN);
        this.blobSize = blobSize;
        int size = checkpoints.remaining();
        count = size < HEADER ? 0 : this.checkpoints.getInt(0);
        long whole = HEADER + (long) count * CHECKPOINT;
        missing = size == whole ? 0 : 1;
        if (count <= 0 || size != whole - (long) missing * CHECKPOINT) {
            throw new InvalidLayerException(
                    "ztoc says it has " + count + " checkpoints, in " + size + " bytes that are not theirs");
        }
        long tar = tarOffset(0);
        if (tar != 0) {
            throw new InvalidLayerException("first checkpoint is at " + tar + " in the tar");
        }
        for (int i = 0; i < count; i++) {
            long nextTar = i + 1 < count ? tarOffset(i + 1) : Long.MAX_VALUE;
            if (bits(i) > 7
                    || blobOffset(i) < 0
                    || blobOffset(i) >= blobEnd(i)
                    || blobEnd(i) > blobSize
                    || nextTar < tar) {
                throw new InvalidLayerException("checkpoint " + i + " is malformed or out of order: at " + firstByte(i)
                        + " and " + bits(i) + " bits in the blob, at " + tar + " in the tar");
            }
            tar = nextTar;
        }
    }

    @Override
    public int count() {
        return count;
    }

    @Override
    public long blobOffset(int span) {
        return firstByte(span) - (bits(span) == 0 ? 0 : 1);
    }

    @Override
    public long blobEnd(int span) {
        return span + 1 < count ? firstByte(span + 1) : blobSize;
    }

    @Override
    public long tarOffset(int span) {
        return isImplied(span) ? 0 : checkpoints.getLong(at(span) + 8);
    }

    @Override
    public Decoder decoder() {
        return new GzipSpanDecoder();
    }

    @Override
    public byte[] auxiliary(int span) {
        byte[] window = new byte[GzipRestart.WINDOW];
        if (!isImplied(span)) {
            checkpoints.get(at(span) + 17, window);
        }
        return new GzipRestart(bits(span), window).toAuxiliary();
    }

    private long firstByte(int span) {
        return isImplied(span) ? SHORTEST_GZIP_HEADER : checkpoints.getLong(at(span));
    }

    private int bits(int span) {
        return isImplied(span) ? 0 : checkpoints.get(at(span) + 16) & 0xFF;
    }

    private boolean isImplied(int span) {
        return span < missing;
    }

    private int at(int span) {
        return HEADER + (span - missing) * CHECKPOINT;
    }
}
