package dev.sluice.layer.tar;

import com.github.luben.zstd.Zstd;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.PlainLayerLimits;
import dev.sluice.layer.Sha256;
import dev.sluice.layer.SpanTable;
import dev.sluice.layer.StreamSpan;
import dev.sluice.layer.StreamSpanCodec;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * A {@link TarIndex} as bytes. Little-endian, all offsets and lengths in bytes:
 *
 * <pre>
 * header, 144 bytes: magic "SLUICEIX" | version u32 | compression u16 | decoder u16 | blob size u64 | tar size u64
 *                   | device size u64 | headers u64, decoded | spans, decoded u64 | number of spans u32
 *                   | spans, compressed u32 | headers, compressed u32 | reserved u32 | SHA-256 of the blob | SHA-256 of the tar
 *                   | reserved u32 | CRC32C of all the rest u32, at 140
 * spans:   a zstd frame of what {@link StreamSpanCodec} writes
 * headers: a zstd frame; all bytes of the tar but the contents of files, padding, and what is behind its end
 * </pre>
 *
 * <p>Compression is 0 for none, 1 for gzip, 2 for zstd.
 */
final class TarIndexCodec {
    static final long MAGIC = 0x5849454349554C53L; // "SLUICEIX"
    static final int VERSION = 1;
    static final int HEADER = 144;
    static final int CHECKSUM = 140;

    private static final int LEVEL = 3;
    private static final List<Compression> COMPRESSIONS = List.of(Compression.NONE, Compression.GZIP, Compression.ZSTD);

    private TarIndexCodec() {}

    static void write(TarIndex index, OutputStream out) throws IOException {
        out.write(toBytes(index));
    }

    static byte[] toBytes(TarIndex index) {
        byte[] spans = StreamSpanCodec.toBytes(index.spans());
        byte[] compressedSpans = Zstd.compress(spans, LEVEL);
        byte[] headers = index.compressedHeaders();
        TarSummary summary = index.summary();
        ByteBuffer out = ByteBuffer.allocate(Math.addExact(HEADER + compressedSpans.length, headers.length))
                .order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(MAGIC).putInt(VERSION);
        out.putShort((short) COMPRESSIONS.indexOf(summary.compression())).putShort((short) summary.decoder());
        out.putLong(summary.blobSize()).putLong(summary.tarSize()).putLong(summary.deviceSize());
        out.putLong(index.headersSize()).putLong(spans.length);
        out.putInt(index.spans().size()).putInt(compressedSpans.length).putInt(headers.length);
        out.putInt(0);
        try {
            out.put(Sha256.parse(summary.blobDigest())).put(Sha256.parse(summary.diffId()));
        } catch (InvalidLayerException e) {
            throw new IllegalStateException("an index has a malformed digest", e);
        }
        out.position(HEADER);
        out.put(compressedSpans).put(headers).flip();
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

    static TarIndex read(ByteBuffer bytes, PlainLayerLimits limits) throws IOException {
        ByteBuffer in = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
        if (in.limit() < HEADER || in.getLong(0) != MAGIC) {
            throw new InvalidLayerException("not an index of a plain layer: wrong magic or shorter than its header");
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
        TarSummary summary = summary(in, limits);
        long headersSize = in.getLong(40);
        long spansSize = in.getLong(48);
        int spansLength = in.getInt(60);
        int headersLength = in.getInt(64);
        if (spansLength < 0 || headersLength < 0 || HEADER + (long) spansLength + headersLength != in.limit()) {
            throw new InvalidLayerException(
                    "index has " + in.limit() + " bytes, expected " + (HEADER + (long) spansLength + headersLength));
        }
        if (headersSize < 0 || headersSize > limits.metadata() || spansSize < 0 || spansSize > limits.index()) {
            throw new InvalidLayerException(
                    "index decodes to " + headersSize + " bytes of headers and " + spansSize + " of spans");
        }
        byte[] compressedSpans = bytesAt(in, HEADER, spansLength);
        List<StreamSpan> spans =
                StreamSpanCodec.read(compressedSpans, spansSize, in.getInt(56), summary.blobSize(), summary.tarSize());
        return new TarIndex(summary, spans, bytesAt(in, HEADER + spansLength, headersLength), headersSize, limits);
    }

    private static TarSummary summary(ByteBuffer in, PlainLayerLimits limits) throws InvalidLayerException {
        int compression = in.getShort(12) & 0xFFFF;
        long blobSize = in.getLong(16);
        long tarSize = in.getLong(24);
        long deviceSize = in.getLong(32);
        if (compression >= COMPRESSIONS.size()) {
            throw new InvalidLayerException("index has an unknown compression: " + compression);
        }
        if (blobSize < 0 || tarSize < 0 || deviceSize < 0 || deviceSize > limits.device()) {
            throw new InvalidLayerException(
                    "index has a size out of range: " + blobSize + ", " + tarSize + " or " + deviceSize);
        }
        return new TarSummary(
                Sha256.toString(bytesAt(in, 72, SpanTable.DIGEST)),
                blobSize,
                COMPRESSIONS.get(compression),
                Sha256.toString(bytesAt(in, 72 + SpanTable.DIGEST, SpanTable.DIGEST)),
                tarSize,
                deviceSize,
                in.getShort(14) & 0xFFFF);
    }

    private static byte[] bytesAt(ByteBuffer in, int at, int length) {
        byte[] bytes = new byte[length];
        in.get(at, bytes);
        return bytes;
    }
}
