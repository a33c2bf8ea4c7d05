package dev.sluice.layer.tar;

import dev.sluice.layer.SpanTableBuilder;
import dev.sluice.layer.StreamSpan;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;

/**
 * Collects the spans of a blob while it is decoded. Gives up, quietly, when one is longer than a {@link dev.sluice.layer.SpanTable}
 * takes: the blob can be decoded all the same. For use by one thread.
 */
final class SpanCollector {
    private static final byte[] NOTHING = {};

    private final List<StreamSpan> spans = new ArrayList<>();
    private final MessageDigest sha256 = sha256();
    private boolean hasGivenUp;
    private long blobPosition;
    private long decodedPosition;
    private long blobStart;
    private long decodedStart;
    private byte[] auxiliary = NOTHING;

    /** @return of all bytes taken */
    long blobPosition() {
        return blobPosition;
    }

    /** How many bytes the current span has decoded to; less than a span may have. */
    int decodedLength() {
        return (int) (decodedPosition - decodedStart);
    }

    /** Whether no span will come of it any more. */
    boolean hasGivenUp() {
        return hasGivenUp;
    }

    /**
     * The decoder has taken bytes of the blob.
     *
     * @param bytes from {@code from} to its position
     */
    void took(ByteBuffer bytes, int from) {
        int to = bytes.position();
        blobPosition += to - from;
        if (!hasGivenUp && blobPosition - blobStart > SpanTableBuilder.MAX_COMPRESSED) {
            giveUp();
        }
        if (!hasGivenUp) {
            int limit = bytes.limit();
            sha256.update(bytes.position(from).limit(to));
            bytes.limit(limit);
        }
    }

    /** The decoder has given out bytes. */
    void gave(int count) {
        decodedPosition += count;
        if (!hasGivenUp && decodedPosition - decodedStart > SpanTableBuilder.MAX_DECODED) {
            giveUp();
        }
    }

    /** The next span begins with the next byte. */
    void cut(byte[] auxiliaryOfNext) {
        if (!hasGivenUp) {
            endSpan();
            begin(blobPosition, auxiliaryOfNext);
        }
    }

    /** The next span begins within the last byte that was taken. */
    void cutWithin(byte last, byte[] auxiliaryOfNext) {
        if (!hasGivenUp) {
            endSpan();
            begin(blobPosition - 1, auxiliaryOfNext);
            sha256.update(last);
        }
    }

    /** Ends the last span. */
    void finish() {
        if (!hasGivenUp && decodedPosition > decodedStart) {
            endSpan();
            begin(blobPosition, NOTHING);
        }
    }

    List<StreamSpan> spans() {
        return List.copyOf(spans);
    }

    private void begin(long offset, byte[] auxiliaryOfNext) {
        blobStart = offset;
        decodedStart = decodedPosition;
        auxiliary = auxiliaryOfNext;
    }

    private void endSpan() {
        spans.add(new StreamSpan(
                blobStart,
                blobPosition - blobStart,
                decodedStart,
                decodedPosition - decodedStart,
                auxiliary,
                sha256.digest()));
    }

    private void giveUp() {
        hasGivenUp = true;
        spans.clear();
        begin(blobPosition, NOTHING);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
