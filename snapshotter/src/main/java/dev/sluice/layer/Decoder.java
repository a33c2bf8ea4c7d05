package dev.sluice.layer;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Turns the compressed bytes of a span into its decoded bytes. Safe for use by many threads. */
public interface Decoder {
    /** Stands in span tables on disk: unique, never reused, 0 to 65535. */
    int id();

    /**
     * Decodes until {@code decoded} has no space left; what follows in the span is ignored.
     *
     * @param compressed all bytes of the span, from its position to its limit
     * @param auxiliary what the format stored for this span, such as a window; may be empty
     * @param decoded takes {@code span.decodedLength()} bytes; direct or on the heap
     * @throws IOException if the bytes are malformed, or end before {@code decoded} is full
     */
    void decode(ByteBuffer compressed, ByteBuffer auxiliary, ByteBuffer decoded) throws IOException;
}
