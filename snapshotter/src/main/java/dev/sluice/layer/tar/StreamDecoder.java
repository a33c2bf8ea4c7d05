package dev.sluice.layer.tar;

import dev.sluice.layer.Decoder;
import dev.sluice.layer.StreamSpan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** Decodes a blob from its first byte to its last, and notes where decoding could begin again. Used by one thread. */
public interface StreamDecoder extends AutoCloseable {
    /** Takes decoded bytes in their order. */
    interface Output {
        /** @param decoded all of it is to be taken before this returns; direct */
        void accept(ByteBuffer decoded) throws IOException;
    }

    /**
     * Goes on with the next bytes of the blob.
     *
     * @param compressed direct; all of it is taken
     * @throws IOException if they are malformed, or the output throws
     */
    void decode(ByteBuffer compressed, Output output) throws IOException;

    /**
     * Says that the blob has ended.
     *
     * @throws IOException if it has ended too early
     */
    void finish(Output output) throws IOException;

    /**
     * Where decoding can begin, after {@link #finish}: all of the blob, or nothing if it can only be decoded as a whole.
     */
    List<StreamSpan> spans();

    /** Decodes such a span by itself. */
    Decoder spanDecoder();

    /** Frees native memory. */
    @Override
    void close();
}
