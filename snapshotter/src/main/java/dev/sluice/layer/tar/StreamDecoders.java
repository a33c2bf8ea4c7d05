package dev.sluice.layer.tar;

import dev.sluice.layer.SpanTableBuilder;
import java.io.IOException;

/** Makes the decoder for what is around a tar. Safe for use by many threads. */
public final class StreamDecoders {
    /** Spans are longer than their spacing; half of what a span may have leaves room for that. */
    public static final long MAX_SPACING = SpanTableBuilder.MAX_DECODED / 2;

    private final BlockInflater.Factory inflaters;

    public StreamDecoders(BlockInflater.Factory inflaters) {
        this.inflaters = inflaters;
    }

    /**
     * A decoder at the start of a blob; to be closed by the caller.
     *
     * @param spacingBytes how many decoded bytes a span should have, 1 to {@link #MAX_SPACING}
     * @throws IOException if this machine cannot decode it; the message says why
     */
    public StreamDecoder open(Compression compression, long spacingBytes) throws IOException {
        if (spacingBytes < 1 || spacingBytes > MAX_SPACING) {
            throw new IllegalArgumentException("no span can have " + spacingBytes + " bytes");
        }
        int spacing = (int) spacingBytes;
        return switch (compression) {
            case NONE -> new IdentityStream(spacing);
            case GZIP -> new GzipStream(inflaters.create(), spacing);
            case ZSTD -> new ZstdStream(spacing);
        };
    }
}
