package dev.sluice.layer.tar;

import dev.sluice.fuzz.Require;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.StreamSpan;
import dev.sluice.linux.Zlib;
import dev.sluice.mount.ZlibBlocks;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Decodes blobs from their start, in pieces, and from each place in which decoding can begin again: all say the same, and so does somebody else's
 * decoder.
 */
final class StreamFuzz {
    /** Of what a few kilobytes may decode to here. */
    private static final int MOST = 4 << 20;

    private static final StreamDecoders DECODERS = new StreamDecoders(ZlibBlocks.factory(Zlib.load()));

    private StreamFuzz() {}

    /** Somebody else's decoder; fails by an IOException. */
    interface Other {
        byte[] decode(byte[] blob, int most) throws IOException;
    }

    /** More than {@link #MOST} bytes. */
    private static final class TooMuchException extends IOException {
        private static final long serialVersionUID = 1;
    }

    static void check(Compression compression, byte[] blob, int spacing, int piece, Other other) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        List<StreamSpan> spans;
        try (StreamDecoder decoder = DECODERS.open(compression, spacing)) {
            for (int at = 0; at < blob.length; at += piece) {
                decoder.decode(
                        direct(Arrays.copyOfRange(blob, at, Math.min(blob.length, at + piece))),
                        bytes -> add(bytes, all));
            }
            decoder.finish(bytes -> add(bytes, all));
            spans = decoder.spans();
            checkSpans(decoder, spans, blob, all.toByteArray());
        } catch (TooMuchException e) {
            return;
        } catch (InvalidLayerException e) {
            Objects.requireNonNull(e.getMessage());
            return;
        } catch (IOException e) {
            throw new AssertionError("what could be decoded cannot be decoded again", e);
        }
        try {
            Require.that(Arrays.equals(all.toByteArray(), other.decode(blob, MOST)), "another decoder says otherwise");
        } catch (IOException e) {
            throw new AssertionError("another decoder refuses it", e);
        }
    }

    private static void add(ByteBuffer bytes, ByteArrayOutputStream all) throws IOException {
        if (all.size() + bytes.remaining() > MOST) {
            throw new TooMuchException();
        }
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        all.writeBytes(copy);
    }

    private static void checkSpans(StreamDecoder decoder, List<StreamSpan> spans, byte[] blob, byte[] all)
            throws IOException {
        long end = 0;
        for (StreamSpan span : spans) {
            Require.that(span.decodedOffset() == end, "a gap between spans");
            end += span.decodedLength();
            int from = (int) span.blobOffset();
            byte[] bytes = Arrays.copyOfRange(blob, from, from + (int) span.blobLength());
            Require.that(Arrays.equals(sha256(bytes), span.digest()), "another digest");
            ByteBuffer decoded = ByteBuffer.allocate((int) span.decodedLength());
            decoder.spanDecoder().decode(ByteBuffer.wrap(bytes), ByteBuffer.wrap(span.auxiliary()), decoded);
            int start = (int) span.decodedOffset();
            Require.that(
                    Arrays.equals(decoded.array(), Arrays.copyOfRange(all, start, (int) end)),
                    "a span by itself is something else");
        }
        Require.that(spans.isEmpty() || end == all.length, "spans do not reach to the end");
        Require.that(!spans.isEmpty() || all.length == 0, "no spans of a small blob");
    }

    private static ByteBuffer direct(byte[] bytes) {
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
