package dev.sluice.layer.tar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.layer.Decoder;
import dev.sluice.layer.StreamSpan;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** What a stream decoder made of a blob. */
record DecodedBlob(byte[] blob, byte[] bytes, List<StreamSpan> spans, Decoder spanDecoder) {
    /** Decodes a blob in pieces of 1 to {@code longestPiece} bytes. */
    static DecodedBlob of(StreamDecoder decoder, byte[] blob, Random random, int longestPiece) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        StreamDecoder.Output output = decoded -> {
            assertThat(decoded.isDirect()).isTrue();
            byte[] piece = new byte[decoded.remaining()];
            decoded.get(piece);
            bytes.writeBytes(piece);
        };
        try (decoder) {
            for (int at = 0; at < blob.length; ) {
                int count = Math.min(1 + random.nextInt(longestPiece), blob.length - at);
                // Not at the start of its buffer, nor up to its end.
                ByteBuffer piece = ByteBuffer.allocateDirect(count + 5);
                piece.position(3).put(blob, at, count).flip().position(3);
                decoder.decode(piece, output);
                assertThat(piece.hasRemaining()).isFalse();
                assertThat(piece.limit()).isEqualTo(3 + count);
                at += count;
            }
            decoder.finish(output);
            return new DecodedBlob(blob, bytes.toByteArray(), decoder.spans(), decoder.spanDecoder());
        }
    }

    /** The spans follow each other, have the digests of their bytes, and each decodes by itself to its part of the bytes. */
    void check() throws IOException {
        long decodedEnd = 0;
        long blobEnd = 0;
        for (StreamSpan span : spans) {
            assertThat(span.decodedOffset()).isEqualTo(decodedEnd);
            assertThat(span.decodedLength()).isPositive();
            assertThat(span.blobLength()).isPositive();
            assertThat(span.blobOffset()).isBetween(Math.max(0, blobEnd - 1), blobEnd);
            assertThat(span.digest()).isEqualTo(sha256(blobBytes(span)));
            assertThat(decode(span, 0, (int) span.decodedLength()))
                    .as("span at %d", span.decodedOffset())
                    .isEqualTo(part(span, 0, (int) span.decodedLength()));
            decodedEnd += span.decodedLength();
            blobEnd = span.blobOffset() + span.blobLength();
        }
        assertThat(decodedEnd).isEqualTo(bytes.length);
    }

    /** Decodes random parts of random spans, half of them through buffers on the heap. */
    void checkRandomRanges(int count, Random random) throws IOException {
        for (int i = 0; i < count; i++) {
            StreamSpan span = spans.get(random.nextInt(spans.size()));
            int from = random.nextInt((int) span.decodedLength());
            int to = from + 1 + random.nextInt((int) span.decodedLength() - from);
            assertThat(decode(span, from, to)).isEqualTo(part(span, from, to));
        }
    }

    byte[] decode(StreamSpan span, int from, int to) throws IOException {
        boolean direct = (from & 1) == 0;
        ByteBuffer compressed = direct
                ? ByteBuffer.allocateDirect((int) span.blobLength() + 1)
                : ByteBuffer.allocate((int) span.blobLength() + 1);
        compressed.position(1).put(blobBytes(span)).position(1);
        ByteBuffer decoded = direct ? ByteBuffer.allocateDirect(to) : ByteBuffer.allocate(to);
        spanDecoder.decode(
                compressed.asReadOnlyBuffer(), ByteBuffer.wrap(span.auxiliary()).asReadOnlyBuffer(), decoded);
        assertThat(decoded.hasRemaining()).isFalse();
        assertThat(compressed.position()).isEqualTo(1);
        byte[] result = new byte[to - from];
        decoded.get(from, result);
        return result;
    }

    private byte[] part(StreamSpan span, int from, int to) {
        return Arrays.copyOfRange(bytes, (int) span.decodedOffset() + from, (int) span.decodedOffset() + to);
    }

    byte[] blobBytes(StreamSpan span) {
        return Arrays.copyOfRange(blob, (int) span.blobOffset(), (int) (span.blobOffset() + span.blobLength()));
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
