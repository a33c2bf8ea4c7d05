package dev.sluice.layer.tar;

import com.github.luben.zstd.Zstd;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.SpanTable;
import dev.sluice.layer.SpanTableBuilder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
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
 * spans:   a zstd frame; of each span: blob offset u64 | blob length u64 | decoded length u64 | auxiliary length u32
 *                   | reserved u32 | SHA-256 of its bytes of the blob | auxiliary bytes
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

    private static final int SPAN = 64;
    private static final int MAX_AUXILIARY = 1 << 20;
    private static final int LEVEL = 3;
    private static final List<Compression> COMPRESSIONS = List.of(Compression.NONE, Compression.GZIP, Compression.ZSTD);

    private TarIndexCodec() {}

    static void write(TarIndex index, OutputStream out) throws IOException {
        out.write(toBytes(index));
    }

    static byte[] toBytes(TarIndex index) {
        byte[] spans = spans(index.spans());
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

    private static byte[] spans(List<StreamSpan> spans) {
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

    /** CRC32C of all bytes but the checksum's own. */
    static int checksum(ByteBuffer index) {
        CRC32C crc = new CRC32C();
        crc.update(index.duplicate().position(0).limit(CHECKSUM));
        crc.update(index.duplicate().position(HEADER));
        return (int) crc.getValue();
    }

    static TarIndex read(ByteBuffer bytes, TarLimits limits) throws IOException {
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
        if (headersSize < 0 || headersSize > limits.headers() || spansSize < 0 || spansSize > limits.index()) {
            throw new InvalidLayerException(
                    "index decodes to " + headersSize + " bytes of headers and " + spansSize + " of spans");
        }
        byte[] compressedSpans = bytesAt(in, HEADER, spansLength);
        List<StreamSpan> spans = readSpans(compressedSpans, spansSize, in.getInt(56), summary);
        return new TarIndex(summary, spans, bytesAt(in, HEADER + spansLength, headersLength), headersSize, limits);
    }

    private static TarSummary summary(ByteBuffer in, TarLimits limits) throws InvalidLayerException {
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

    private static List<StreamSpan> readSpans(byte[] compressed, long size, int count, TarSummary summary)
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
                StreamSpan span = new StreamSpan(
                        record.getLong(0),
                        record.getLong(8),
                        decodedOffset,
                        record.getLong(16),
                        auxiliaryBytes,
                        bytesAt(record, 32, SpanTable.DIGEST));
                check(span, summary);
                decodedOffset += span.decodedLength();
                spans.add(span);
            }
            in.finish();
        }
        if (!spans.isEmpty() && decodedOffset != summary.tarSize()) {
            throw new InvalidLayerException(
                    "spans of an index decode to " + decodedOffset + " of " + summary.tarSize() + " bytes");
        }
        return spans;
    }

    private static void check(StreamSpan span, TarSummary summary) throws InvalidLayerException {
        if (span.blobLength() <= 0
                || span.blobLength() > SpanTableBuilder.MAX_COMPRESSED
                || span.blobOffset() < 0
                || span.blobOffset() > summary.blobSize() - span.blobLength()
                || span.decodedLength() < 0
                || span.decodedLength() > SpanTableBuilder.MAX_DECODED
                || span.decodedOffset() > summary.tarSize() - span.decodedLength()) {
            throw new InvalidLayerException("span of an index is out of range: " + span.blobLength() + " bytes at "
                    + span.blobOffset() + ", decoded " + span.decodedLength());
        }
    }
}
