package dev.sluice.layer.erofs;

import com.github.luben.zstd.Zstd;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.Sha256;
import dev.sluice.layer.SpanTable;
import dev.sluice.layer.StreamSpan;
import dev.sluice.layer.StreamSpanCodec;
import dev.sluice.layer.ZstdInput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * An {@link ErofsIndex} as bytes. Little-endian, all offsets and lengths in bytes:
 *
 * <pre>
 * header, 144 bytes: magic "SLUICEER" | version u32 | zstd u16 (0 or 1) | decoder u16 | blob size u64 | image size u64
 *                   | device size u64 | metadata u64, decoded | spans, decoded u64 | number of spans u32
 *                   | spans, compressed u32 | metadata, compressed u32 | reserved u32 | SHA-256 of the blob | SHA-256 of the image
 *                   | reserved u32 | CRC32C of all the rest u32, at 140
 * spans:    a zstd frame of what {@link StreamSpanCodec} writes
 * metadata: a zstd frame of what {@link KeptMetadata} takes
 * </pre>
 */
final class ErofsIndexCodec {
    static final long MAGIC = 0x5245454349554C53L; // "SLUICEER"
    static final int VERSION = 1;
    static final int HEADER = 144;
    static final int CHECKSUM = 140;

    private static final int LEVEL = 3;
    /** Metadata of few bytes must not make us allocate many: real ones are compressed to a fifth. */
    private static final int MAX_RATIO = 1024;

    private ErofsIndexCodec() {}

    static boolean isOne(ByteBuffer bytes) {
        return bytes.remaining() >= Long.BYTES
                && bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).getLong(bytes.position()) == MAGIC;
    }

    static byte[] toBytes(ErofsIndex index) {
        byte[] spans = StreamSpanCodec.toBytes(index.spans());
        byte[] compressedSpans = Zstd.compress(spans, LEVEL);
        byte[] metadata = Zstd.compress(index.metadata(), LEVEL);
        ErofsSummary summary = index.summary();
        ByteBuffer out = ByteBuffer.allocate(Math.addExact(HEADER + compressedSpans.length, metadata.length))
                .order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(MAGIC).putInt(VERSION);
        out.putShort((short) (summary.zstd() ? 1 : 0)).putShort((short) summary.decoder());
        out.putLong(summary.blobSize()).putLong(summary.imageSize()).putLong(summary.deviceSize());
        out.putLong(index.metadata().length).putLong(spans.length);
        out.putInt(index.spans().size()).putInt(compressedSpans.length).putInt(metadata.length);
        out.putInt(0);
        try {
            out.put(Sha256.parse(summary.blobDigest())).put(Sha256.parse(summary.diffId()));
        } catch (InvalidLayerException e) {
            throw new IllegalStateException("an index has a malformed digest", e);
        }
        out.position(HEADER);
        out.put(compressedSpans).put(metadata).flip();
        out.putInt(CHECKSUM, checksum(out));
        return out.array();
    }

    /** CRC32C of all bytes but the checksum's own. */
    static int checksum(ByteBuffer index) {
        CRC32C crc = new CRC32C();
        crc.update(index.duplicate().position(0).limit(CHECKSUM));
        crc.update(index.duplicate().position(HEADER));
        return (int) crc.getValue();
    }

    static ErofsIndex read(ByteBuffer bytes, ErofsLimits limits) throws IOException {
        ByteBuffer in = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
        if (in.limit() < HEADER || in.getLong(0) != MAGIC) {
            throw new InvalidLayerException("not an index of an EROFS layer: wrong magic or shorter than its header");
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
        ErofsSummary summary = summary(in, limits);
        long metadataSize = in.getLong(40);
        long spansSize = in.getLong(48);
        int spansLength = in.getInt(60);
        int metadataLength = in.getInt(64);
        if (spansLength < 0 || metadataLength < 0 || HEADER + (long) spansLength + metadataLength != in.limit()) {
            throw new InvalidLayerException(
                    "index has " + in.limit() + " bytes, expected " + (HEADER + (long) spansLength + metadataLength));
        }
        if (metadataSize < 0
                || metadataSize > Math.min(limits.metadata(), (long) MAX_RATIO * metadataLength)
                || spansSize < 0
                || spansSize > limits.index()) {
            throw new InvalidLayerException(
                    "index decodes to " + metadataSize + " bytes of metadata and " + spansSize + " of spans");
        }
        List<StreamSpan> spans = StreamSpanCodec.read(
                bytesAt(in, HEADER, spansLength), spansSize, in.getInt(56), summary.blobSize(), summary.imageSize());
        byte[] metadata = decode(bytesAt(in, HEADER + spansLength, metadataLength), (int) metadataSize);
        return new ErofsIndex(summary, spans, metadata, limits);
    }

    private static byte[] decode(byte[] compressed, int size) throws IOException {
        byte[] metadata = new byte[size];
        try (ZstdInput in = new ZstdInput(ByteBuffer.wrap(compressed), size)) {
            in.read(metadata, size);
            in.finish();
        }
        return metadata;
    }

    private static ErofsSummary summary(ByteBuffer in, ErofsLimits limits) throws InvalidLayerException {
        int zstd = in.getShort(12) & 0xFFFF;
        long blobSize = in.getLong(16);
        long imageSize = in.getLong(24);
        long deviceSize = in.getLong(32);
        if (zstd > 1) {
            throw new InvalidLayerException("index has an unknown compression: " + zstd);
        }
        if (blobSize < 0
                || imageSize < 0
                || imageSize > limits.device()
                || deviceSize < 0
                || deviceSize > limits.device()) {
            throw new InvalidLayerException(
                    "index has a size out of range: " + blobSize + ", " + imageSize + " or " + deviceSize);
        }
        return new ErofsSummary(
                Sha256.toString(bytesAt(in, 72, SpanTable.DIGEST)),
                blobSize,
                zstd == 1,
                Sha256.toString(bytesAt(in, 72 + SpanTable.DIGEST, SpanTable.DIGEST)),
                imageSize,
                deviceSize,
                in.getShort(14) & 0xFFFF);
    }

    private static byte[] bytesAt(ByteBuffer in, int at, int length) {
        byte[] bytes = new byte[length];
        in.get(at, bytes);
        return bytes;
    }
}
