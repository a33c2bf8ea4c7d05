package dev.sluice.layer.soci;

import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerDescriptor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * A ztoc, a FlatBuffer (the field numbers are those of soci's {@code ztoc.fbs}):
 *
 * <pre>
 * 0 version string, 1 tool string, 2 size of the blob i64, 3 size of the tar i64,
 * 4 { 0 entries: see {@link ZtocEntry} },
 * 5 { 0 compression i8 = 1, 1 last span i32, 2 digests of the spans' compressed bytes [string], 3 checkpoints [u8] }
 * </pre>
 *
 * The size of the tar is how far a reader of tars reads: there may be more in the blob, checkpoints included.
 *
 * @param tarSize in bytes, up to 2^44
 * @param digests as many as there are spans
 */
record Ztoc(long tarSize, FlatVector entries, ZtocSpans spans, FlatVector digests) {
    private static final String VERSION = "0.9";
    private static final int GZIP = 1;
    private static final int UNCOMPRESSED = 2;
    private static final long MAX_TAR = 1L << 44;
    private static final String SHA256 = "sha256:";

    /**
     * Reads all but the entries.
     *
     * @param bytes from position to limit
     * @throws InvalidLayerException if it is malformed, of a kind that is not known, or of another layer
     */
    static Ztoc read(ByteBuffer bytes, LayerDescriptor layer) throws InvalidLayerException {
        FlatTable root = new FlatBuffer(bytes).root();
        String version = ascii(root.bytes(0), 16);
        if (!version.equals(VERSION)) {
            throw new InvalidLayerException("ztoc is not of version " + VERSION);
        }
        if (root.number(2) != layer.size()) {
            throw new InvalidLayerException(
                    "ztoc is of a layer of " + root.number(2) + " bytes, this one has " + layer.size());
        }
        long tarSize = root.number(3);
        if (tarSize < 0 || tarSize > MAX_TAR) {
            throw new InvalidLayerException("ztoc says that the tar has " + tarSize + " bytes");
        }
        FlatTable compression = root.table(5);
        FlatVector digests = compression.vector(2);
        ZtocSpans spans = spans(compression, layer.size(), tarSize);
        if (spans.count() != digests.count() || spans.count() - 1 != compression.integer(1)) {
            throw new InvalidLayerException("ztoc has " + spans.count() + " spans and " + digests.count()
                    + " digests, and says that the last span is " + compression.integer(1));
        }
        return new Ztoc(tarSize, root.table(4).vector(0), spans, digests);
    }

    private static ZtocSpans spans(FlatTable compression, long blobSize, long tarSize) throws InvalidLayerException {
        int algorithm = compression.enumerated(0, GZIP);
        return switch (algorithm) {
            case GZIP -> new GzipSpans(compression.bytes(3), blobSize);
            case UNCOMPRESSED -> {
                if (tarSize > blobSize) {
                    throw new InvalidLayerException("ztoc says that a tar of " + blobSize + " bytes has " + tarSize);
                }
                yield new TarSpans(compression.bytes(3), blobSize);
            }
            default ->
                throw new InvalidLayerException("layer is compressed in a way that is not known of SOCI: " + algorithm);
        };
    }

    /** Where what a span decodes to ends in the tar. */
    long tarEnd(int span) {
        return span + 1 < spans.count() ? Math.min(spans.tarOffset(span + 1), tarSize) : tarSize;
    }

    /** SHA-256 of a span's compressed bytes. */
    byte[] digest(int span) throws InvalidLayerException {
        String digest = ascii(digests.bytes(span), 128);
        if (!digest.matches(SHA256 + "[0-9a-f]{64}")) {
            throw new InvalidLayerException("digest of span " + span + " is no SHA-256 digest");
        }
        return HexFormat.of().parseHex(digest, SHA256.length(), digest.length());
    }

    /** Empty if it is longer than that. */
    private static String ascii(ByteBuffer bytes, int longest) {
        return bytes.remaining() > longest
                ? ""
                : StandardCharsets.ISO_8859_1.decode(bytes).toString();
    }
}
