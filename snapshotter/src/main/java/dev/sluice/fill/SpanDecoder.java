package dev.sluice.fill;

import dev.sluice.layer.Blake3;
import dev.sluice.layer.Decoder;
import dev.sluice.layer.Decoders;
import dev.sluice.layer.IdentityDecoder;
import dev.sluice.layer.SpanTable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Decodes spans and checks them against all digests that the table has for them. Safe for use by many threads. */
final class SpanDecoder {
    private final String layer;
    private final SpanTable table;
    private final Decoders decoders;

    /** @param layer for messages */
    SpanDecoder(String layer, SpanTable table, Decoders decoders) {
        this.layer = layer;
        this.table = table;
        this.decoders = decoders;
    }

    /**
     * Decodes a span; returns only if every byte that an extent wants is verified.
     *
     * @param compressed the span's bytes, from 0 to limit
     * @param decoded room for the decoded bytes; not touched if the compressed bytes are the decoded ones
     * @return the decoded bytes, from index 0
     * @throws DigestMismatchException if other bytes than these are needed
     * @throws IOException if the span cannot be decoded, though its bytes are the right ones
     */
    ByteBuffer decode(int span, ByteBuffer compressed, ByteBuffer decoded) throws IOException {
        Decoder decoder = decoders.get(table.spanDecoder(span));
        MessageDigest sha256 = sha256();
        byte[] digest = new byte[SpanTable.DIGEST];
        boolean verified = table.spanHasDigest(span);
        if (verified) {
            if (!table.spanDigestIs(span, finish(sha256, compressed.duplicate(), digest))) {
                throw new DigestMismatchException(describe(span) + " does not match its digest");
            }
        }
        ByteBuffer result;
        try {
            result = run(decoder, span, compressed, decoded);
        } catch (IOException | RuntimeException e) {
            String message = "Tried to decode " + describe(span) + " but failed because: " + e.getMessage();
            throw verified ? new IOException(message, e) : new DigestMismatchException(message, e);
        }
        verifyExtents(span, result, sha256, digest);
        return result;
    }

    /** Whether the compressed bytes of a span are its decoded bytes, so that no room for these is needed. */
    static boolean isIdentity(SpanTable table, int span) {
        return table.spanDecoder(span) == IdentityDecoder.ID;
    }

    private ByteBuffer run(Decoder decoder, int span, ByteBuffer compressed, ByteBuffer decoded) throws IOException {
        int length = table.spanDecodedLength(span);
        if (isIdentity(table, span)) {
            if (compressed.limit() < length) {
                throw new IOException("it has " + compressed.limit() + " bytes, " + length + " are wanted");
            }
            return compressed;
        }
        decoded.clear().limit(length);
        decoder.decode(compressed, table.spanAuxiliary(span), decoded);
        if (decoded.hasRemaining()) {
            throw new IOException("it ends after " + decoded.position() + " of " + length + " bytes");
        }
        return decoded;
    }

    private void verifyExtents(int span, ByteBuffer decoded, MessageDigest sha256, byte[] digest)
            throws DigestMismatchException {
        for (int i = 0; i < table.spanExtentCount(span); i++) {
            int extent = table.spanExtent(span, i);
            if (!table.extentHasDigest(extent)) {
                continue;
            }
            int length = table.extentLength(extent);
            ByteBuffer bytes = decoded.slice(table.extentSpanOffset(extent), length);
            byte[] actual = switch (table.extentDigestKind(extent)) {
                case SHA256 -> finish(sha256, bytes, digest);
                case BLAKE3 -> Blake3.digest(bytes);
            };
            if (!table.extentDigestIs(extent, actual)) {
                throw new DigestMismatchException(describe(span) + " does not match the digest of its " + length
                        + " bytes at " + table.extentDeviceOffset(extent) + " of the device");
            }
        }
    }

    /** Names a span in messages. */
    String describe(int span) {
        long offset = table.spanBlobOffset(span);
        return "span [" + offset + ", " + (offset + table.spanBlobLength(span)) + ") of layer " + layer;
    }

    /** @return {@code digest}, filled */
    private static byte[] finish(MessageDigest sha256, ByteBuffer bytes, byte[] digest) {
        sha256.update(bytes);
        try {
            sha256.digest(digest, 0, digest.length);
            return digest;
        } catch (DigestException e) {
            throw new IllegalStateException("SHA-256 has 32 bytes", e);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
