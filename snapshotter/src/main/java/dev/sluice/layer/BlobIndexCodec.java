package dev.sluice.layer;

import com.github.luben.zstd.Zstd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * What all kinds of {@link BlobIndex} have in common as bytes. Little-endian, all offsets and lengths in bytes:
 *
 * <pre>
 * header, 144 bytes: magic u64 | version u32 | compression u16 | decoder u16 | blob size u64 | decoded size u64
 *                   | device size u64 | body, decoded u64 | spans, decoded u64 | number of spans u32
 *                   | spans, compressed u32 | body, compressed u32 | reserved u32 | SHA-256 of the blob | SHA-256 of what it decodes to
 *                   | reserved u32 | CRC32C of all the rest u32, at 140
 * spans: a zstd frame of what {@link StreamSpanCodec} writes
 * body:  a zstd frame of what the kind of index keeps
 * </pre>
 *
 * <p>Immutable, safe for use by many threads.
 */
public final class BlobIndexCodec {
    public static final int HEADER = 144;
    /** Where the checksum is. */
    public static final int CHECKSUM = 140;
    /** Of zstd, for spans and body. */
    public static final int LEVEL = 3;

    private static final int VERSION = 1;
    private static final int DIGESTS = 72;

    private final long magic;
    private final String layers;
    private final String body;

    /**
     * What an index holds.
     *
     * @param compression of the blob, a number of the kind of index, 0 to 65535
     * @param decoder of the spans, 0 to 65535
     * @param spans all of the blob, or nothing
     * @param body a zstd frame; not to be changed
     * @param bodySize of the bytes in that frame
     */
    public record Content(
            int compression,
            int decoder,
            String blobDigest,
            long blobSize,
            String diffId,
            long decodedSize,
            long deviceSize,
            List<StreamSpan> spans,
            byte[] body,
            long bodySize) {}

    /** What is taken of strangers, in bytes: of an index, and of its spans; of a data device; of a decoded body. */
    public record Limits(long index, long device, long body) {}

    /**
     * @param magic that such indexes begin with
     * @param layers that they are of, with an article, for messages
     * @param body what is in the body, for messages
     */
    public BlobIndexCodec(long magic, String layers, String body) {
        this.magic = magic;
        this.layers = layers;
        this.body = body;
    }

    /** Whether some bytes begin as those of an index of this kind. */
    public boolean isOne(ByteBuffer bytes) {
        return bytes.remaining() >= Long.BYTES
                && bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).getLong(bytes.position()) == magic;
    }

    public byte[] toBytes(Content content) {
        byte[] spans = StreamSpanCodec.toBytes(content.spans());
        byte[] compressedSpans = Zstd.compress(spans, LEVEL);
        ByteBuffer out = ByteBuffer.allocate(Math.addExact(HEADER + compressedSpans.length, content.body().length))
                .order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(magic).putInt(VERSION);
        out.putShort((short) content.compression()).putShort((short) content.decoder());
        out.putLong(content.blobSize()).putLong(content.decodedSize()).putLong(content.deviceSize());
        out.putLong(content.bodySize()).putLong(spans.length);
        out.putInt(content.spans().size()).putInt(compressedSpans.length).putInt(content.body().length);
        out.putInt(0);
        try {
            out.put(Sha256.parse(content.blobDigest())).put(Sha256.parse(content.diffId()));
        } catch (InvalidLayerException e) {
            throw new IllegalStateException("an index has a malformed digest", e);
        }
        out.position(HEADER);
        out.put(compressedSpans).put(content.body()).flip();
        out.putInt(CHECKSUM, checksum(out));
        return out.array();
    }

    /** CRC32C of all bytes from 0 to the limit but the checksum's own. */
    public static int checksum(ByteBuffer index) {
        CRC32C crc = new CRC32C();
        crc.update(index.duplicate().position(0).limit(CHECKSUM));
        crc.update(index.duplicate().position(HEADER));
        return (int) crc.getValue();
    }

    /**
     * Reads what {@link #toBytes} gave, or a stranger. The body is not decoded, and the compression may be any number.
     *
     * @param bytes from position to limit
     * @throws InvalidLayerException if it is no such index, of another version, corrupt, or passes a limit
     */
    public Content read(ByteBuffer bytes, Limits limits) throws IOException {
        ByteBuffer in = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
        checkHeader(in, limits);
        long blobSize = in.getLong(16);
        long decodedSize = in.getLong(24);
        long deviceSize = in.getLong(32);
        if (blobSize < 0 || decodedSize < 0 || deviceSize < 0 || deviceSize > limits.device()) {
            throw new InvalidLayerException(
                    "index has a size out of range: " + blobSize + ", " + decodedSize + " or " + deviceSize);
        }
        long bodySize = in.getLong(40);
        long spansSize = in.getLong(48);
        int spansLength = in.getInt(60);
        int bodyLength = in.getInt(64);
        if (spansLength < 0 || bodyLength < 0 || HEADER + (long) spansLength + bodyLength != in.limit()) {
            throw new InvalidLayerException(
                    "index has " + in.limit() + " bytes, expected " + (HEADER + (long) spansLength + bodyLength));
        }
        if (bodySize < 0 || bodySize > limits.body() || spansSize < 0 || spansSize > limits.index()) {
            throw new InvalidLayerException(
                    "index decodes to " + bodySize + " bytes of " + body + " and " + spansSize + " of spans");
        }
        return new Content(
                in.getShort(12) & 0xFFFF,
                in.getShort(14) & 0xFFFF,
                Sha256.toString(bytesAt(in, DIGESTS, SpanTable.DIGEST)),
                blobSize,
                Sha256.toString(bytesAt(in, DIGESTS + SpanTable.DIGEST, SpanTable.DIGEST)),
                decodedSize,
                deviceSize,
                StreamSpanCodec.read(bytesAt(in, HEADER, spansLength), spansSize, in.getInt(56), blobSize, decodedSize),
                bytesAt(in, HEADER + spansLength, bodyLength),
                bodySize);
    }

    private void checkHeader(ByteBuffer in, Limits limits) throws InvalidLayerException {
        if (in.limit() < HEADER || in.getLong(0) != magic) {
            throw new InvalidLayerException("not an index of " + layers + ": wrong magic or shorter than its header");
        }
        if (in.getInt(8) != VERSION) {
            throw new InvalidLayerException("index has version " + in.getInt(8) + ", expected " + VERSION);
        }
        if (in.limit() > limits.index()) {
            throw new InvalidLayerException("index has " + in.limit() + " bytes, allowed are " + limits.index());
        }
        if (checksum(in) != in.getInt(CHECKSUM)) {
            throw new InvalidLayerException("index is corrupt: checksum " + Integer.toHexString(checksum(in))
                    + ", expected " + Integer.toHexString(in.getInt(CHECKSUM)));
        }
    }

    private static byte[] bytesAt(ByteBuffer in, int at, int length) {
        byte[] bytes = new byte[length];
        in.get(at, bytes);
        return bytes;
    }
}
