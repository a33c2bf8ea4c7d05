package dev.sluice.layer.tar;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import dev.sluice.layer.Decoder;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.StreamSpan;
import dev.sluice.layer.ZstdDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A blob of one or several Zstandard frames (RFC 8878), skippable ones among them. Windows of more than 128 MiB, zstd's own limit, are
 * refused. Checksums of frames are verified.
 *
 * <p>Decoding can begin again at a frame only: a span takes frames until they decode to {@code spacing} bytes.
 */
final class ZstdStream implements StreamDecoder {
    /** In bytes. */
    private static final int BUFFER = 512 << 10;

    private static final byte[] NO_AUXILIARY = {};

    private final ZstdDecompressCtx zstd = new ZstdDecompressCtx();
    private final int spacing;
    private final SpanCollector spans = new SpanCollector();
    private final ByteBuffer decoded = ByteBuffer.allocateDirect(BUFFER);
    private boolean isBetweenFrames;

    /** @param spacing decoded bytes, at least 1 */
    ZstdStream(int spacing) {
        this.spacing = spacing;
    }

    @Override
    public void decode(ByteBuffer compressed, Output output) throws IOException {
        boolean isFull = false;
        while (compressed.hasRemaining() || isFull) {
            if (isBetweenFrames && !spans.hasGivenUp() && spans.decodedLength() >= spacing) {
                spans.cut(NO_AUXILIARY);
            }
            step(compressed);
            isFull = !decoded.hasRemaining();
            if (isFull) {
                flush(output);
            }
            // At the end of a frame all of it has been given out.
            isFull &= !isBetweenFrames;
        }
    }

    @Override
    public void finish(Output output) throws IOException {
        if (!isBetweenFrames) {
            throw new InvalidLayerException("zstd data end too early, at byte " + spans.blobPosition());
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
        return new ZstdDecoder();
    }

    @Override
    public void close() {
        zstd.close();
    }

    private void step(ByteBuffer compressed) throws IOException {
        int from = compressed.position();
        int start = decoded.position();
        try {
            isBetweenFrames = zstd.decompressDirectByteBufferStream(decoded, compressed);
        } catch (ZstdException e) {
            throw new InvalidLayerException(
                    "zstd data are malformed near byte " + spans.blobPosition() + ": " + e.getMessage(), e);
        }
        spans.took(compressed, from);
        spans.gave(decoded.position() - start);
    }

    private void flush(Output output) throws IOException {
        if (decoded.position() > 0) {
            output.accept(decoded.flip());
            decoded.clear();
        }
    }
}
