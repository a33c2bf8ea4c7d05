package dev.sluice.layer.tar;

import dev.sluice.layer.Decoder;
import dev.sluice.layer.GzipRestart;
import dev.sluice.layer.GzipSpanDecoder;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.StreamSpan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.zip.DataFormatException;

/**
 * A blob of one or several gzip members (RFC 1952). As for Go's {@code compress/gzip}, which containerd decodes with, what follows a
 * member is another one or malformed, be it zeros.
 *
 * <p>Decoding can begin again between two deflate blocks: with the next one after {@code spacing} decoded bytes, or, as that needs no
 * window, with the next member after half of them. A block that does not end makes a longer span.
 */
final class GzipStream implements StreamDecoder {
    /** In bytes. */
    private static final int BUFFER = 512 << 10;

    private static final byte[] AT_MEMBER = {};

    private final BlockInflater inflater;
    private final int spacing;
    private final SpanCollector spans = new SpanCollector();
    private final ByteBuffer decoded = ByteBuffer.allocateDirect(BUFFER);
    private final ByteBuffer window = ByteBuffer.allocateDirect(BlockInflater.WINDOW);
    private boolean isBetweenMembers;
    private byte last;

    /**
     * @param inflater is closed with this
     * @param spacing decoded bytes, at least 1
     */
    GzipStream(BlockInflater inflater, int spacing) {
        this.inflater = inflater;
        this.spacing = spacing;
    }

    @Override
    public void decode(ByteBuffer compressed, Output output) throws IOException {
        boolean isFull = false;
        while (compressed.hasRemaining() || isFull) {
            if (isBetweenMembers) {
                beginMember();
            }
            step(compressed);
            isFull = !decoded.hasRemaining();
            if (isFull) {
                flush(output);
            }
            // What the inflater still has to give belongs to the member; there is no more of it.
            isFull &= !isBetweenMembers;
        }
    }

    @Override
    public void finish(Output output) throws IOException {
        if (!isBetweenMembers) {
            throw new InvalidLayerException("gzip data end too early, at byte " + spans.blobPosition());
        }
        flush(output);
        spans.finish();
    }

    @Override
    public List<StreamSpan> spans() {
        return spans.spans();
    }

    @Override
    public Decoder spanDecoder() {
        return new GzipSpanDecoder();
    }

    @Override
    public void close() {
        inflater.close();
    }

    private void beginMember() {
        isBetweenMembers = false;
        inflater.reset();
        if (!spans.hasGivenUp() && spans.decodedLength() > 0 && spans.decodedLength() >= spacing / 2) {
            spans.cut(AT_MEMBER);
        }
    }

    /** Decodes up to the next event, and takes note of it. */
    private void step(ByteBuffer compressed) throws IOException {
        int from = compressed.position();
        int start = decoded.position();
        // Blocks matter only where a span may end; to stop at all of them would let a blob of tiny ones cost a lot.
        int wanted = spans.hasGivenUp() ? Integer.MAX_VALUE : spacing - spans.decodedLength();
        if (wanted > 0) {
            decoded.limit(start + Math.min(wanted, BUFFER - start));
        }
        BlockInflater.Stop stop;
        try {
            stop = inflater.inflate(compressed, decoded, wanted <= 0);
        } catch (DataFormatException e) {
            long at = spans.blobPosition() + compressed.position() - from;
            throw new InvalidLayerException("gzip data are malformed near byte " + at + ": " + e.getMessage(), e);
        }
        decoded.limit(BUFFER);
        if (compressed.position() > from) {
            last = compressed.get(compressed.position() - 1);
        }
        spans.took(compressed, from);
        spans.gave(decoded.position() - start);
        isBetweenMembers = stop == BlockInflater.Stop.MEMBER_END;
        if (stop == BlockInflater.Stop.BEFORE_BLOCK && wanted <= 0 && !spans.hasGivenUp()) {
            cutBeforeBlock();
        }
    }

    private void cutBeforeBlock() {
        byte[] bytes = new byte[inflater.window(window.clear())];
        window.get(bytes);
        int bits = inflater.unusedBits();
        byte[] auxiliary = new GzipRestart(bits, bytes).toAuxiliary();
        if (bits == 0) {
            spans.cut(auxiliary);
        } else {
            spans.cutWithin(last, auxiliary);
        }
    }

    private void flush(Output output) throws IOException {
        if (decoded.position() > 0) {
            output.accept(decoded.flip());
            decoded.clear();
        }
    }
}
