package dev.sluice.layer.tar;

import dev.sluice.layer.Decoder;
import dev.sluice.layer.IdentityDecoder;
import dev.sluice.layer.StreamSpan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** A blob that is not compressed. Its spans have {@code spacing} bytes each, the last one what is left. */
final class IdentityStream implements StreamDecoder {
    private static final byte[] NO_AUXILIARY = {};

    private final int spacing;
    private final SpanCollector spans = new SpanCollector();

    /** @param spacing in bytes, at least 1 */
    IdentityStream(int spacing) {
        this.spacing = spacing;
    }

    @Override
    public void decode(ByteBuffer compressed, Output output) throws IOException {
        int from = compressed.position();
        int end = compressed.limit();
        while (compressed.position() < end) {
            int start = compressed.position();
            int count = Math.min(end - start, spacing - spans.decodedLength());
            spans.took(compressed.position(start + count), start);
            spans.gave(count);
            if (spans.decodedLength() == spacing) {
                spans.cut(NO_AUXILIARY);
            }
        }
        output.accept(compressed.slice(from, end - from));
    }

    @Override
    public void finish(Output output) {
        spans.finish();
    }

    @Override
    public List<StreamSpan> spans() {
        return spans.spans();
    }

    @Override
    public Decoder spanDecoder() {
        return new IdentityDecoder();
    }

    @Override
    public void close() {}
}
