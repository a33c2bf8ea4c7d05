package dev.sluice.layer.tar;

import dev.sluice.layer.Decoder;
import dev.sluice.layer.IdentityDecoder;
import dev.sluice.layer.Sha256;
import dev.sluice.layer.StreamSpan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A stream that is not compressed, with spans of one length. */
final class UndecodedStream implements StreamDecoder {
    private final int spanLength;
    private final List<StreamSpan> spans = new ArrayList<>();
    private final byte[] span;
    private int filled;
    private long offset;
    private boolean closed;

    /** @param spanLength 0 if there are to be none */
    UndecodedStream(int spanLength) {
        this.spanLength = spanLength;
        this.span = new byte[Math.max(1, spanLength)];
    }

    @Override
    public void decode(ByteBuffer compressed, Output output) throws IOException {
        for (ByteBuffer bytes = compressed.duplicate(); bytes.hasRemaining(); ) {
            span[filled++] = bytes.get();
            if (filled == span.length) {
                endSpan();
            }
        }
        output.accept(compressed);
    }

    @Override
    public void finish(Output output) {
        if (filled > 0) {
            endSpan();
        }
    }

    private void endSpan() {
        if (spanLength > 0) {
            MessageDigest sha256 = Sha256.start();
            byte[] digest = sha256.digest(Arrays.copyOf(span, filled));
            spans.add(new StreamSpan(offset, filled, offset, filled, new byte[] {1, 2}, digest));
        }
        offset += filled;
        filled = 0;
    }

    @Override
    public List<StreamSpan> spans() {
        return spans;
    }

    @Override
    public Decoder spanDecoder() {
        return new IdentityDecoder();
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public void close() {
        closed = true;
    }
}
