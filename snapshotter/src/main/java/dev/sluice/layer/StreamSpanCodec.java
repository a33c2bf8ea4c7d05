package dev.sluice.layer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * {@link StreamSpan}s as bytes. Little-endian, of each span: blob offset u64 | blob length u64 | decoded length u64 | auxiliary length u32
 * | reserved u32 | SHA-256 of its bytes of the blob | auxiliary bytes.
 */
public final class StreamSpanCodec {
    private static final int SPAN = 64;
    private static final int MAX_AUXILIARY = 1 << 20;

    private StreamSpanCodec() {}

    /** The bytes of some spans, not compressed. */
    public static byte[] toBytes(List<StreamSpan> spans) {
        int size = 0;
        for (StreamSpan span : spans) {
            size = Math.addExact(size, SPAN + span.auxiliary().length);
        }
        ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        for (StreamSpan span : spans) {
            out.putLong(span.blobOffset()).putLong(span.blobLength()).putLong(span.decodedLength());
            out.putInt(span.auxiliary().length).putInt(0);
            out.put(span.digest()).put(span.auxiliary());
        }
        return out.array();
    }

    /**
     * Reads the spans of a stranger.
     *
     * @param compressed a zstd frame of their bytes
     * @param size of these bytes
     * @param count how many spans
     * @param blobSize that they must lie in, in bytes
     * @param decodedSize that all of them must decode to together, in bytes, if there are any
     * @throws InvalidLayerException if they do not, or are longer than a {@link SpanTable} takes
     */
    public static List<StreamSpan> read(byte[] compressed, long size, int count, long blobSize, long decodedSize)
            throws IOException {
        List<StreamSpan> spans = new ArrayList<>();
        byte[] buffer = new byte[SPAN];
        long decodedOffset = 0;
        try (ZstdInput in = new ZstdInput(ByteBuffer.wrap(compressed), size)) {
            for (int i = 0; i != count; i++) {
                ByteBuffer record = in.read(buffer, SPAN);
                int auxiliary = record.getInt(24);
                if (auxiliary < 0 || auxiliary > MAX_AUXILIARY) {
                    throw new InvalidLayerException("span of an index has " + auxiliary + " auxiliary bytes");
                }
                byte[] auxiliaryBytes = new byte[auxiliary];
                in.read(auxiliaryBytes, auxiliary);
                byte[] digest = new byte[SpanTable.DIGEST];
                record.get(32, digest);
                StreamSpan span = new StreamSpan(
                        record.getLong(0),
                        record.getLong(8),
                        decodedOffset,
                        record.getLong(16),
                        auxiliaryBytes,
                        digest);
                check(span, blobSize, decodedSize);
                decodedOffset += span.decodedLength();
                spans.add(span);
            }
            in.finish();
        }
        if (!spans.isEmpty() && decodedOffset != decodedSize) {
            throw new InvalidLayerException(
                    "spans of an index decode to " + decodedOffset + " of " + decodedSize + " bytes");
        }
        return spans;
    }

    private static void check(StreamSpan span, long blobSize, long decodedSize) throws InvalidLayerException {
        if (span.blobLength() <= 0
                || span.blobLength() > SpanTableBuilder.MAX_COMPRESSED
                || span.blobOffset() < 0
                || span.blobOffset() > blobSize - span.blobLength()
                || span.decodedLength() < 0
                || span.decodedLength() > SpanTableBuilder.MAX_DECODED
                || span.decodedOffset() > decodedSize - span.decodedLength()) {
            throw new InvalidLayerException("span of an index is out of range: " + span.blobLength() + " bytes at "
                    + span.blobOffset() + ", decoded " + span.decodedLength());
        }
    }
}
