package dev.sluice.layer;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;

/** The compressed bytes of one layer, wherever they are. Implementations are safe for use by many threads. */
public interface Blob {
    /** Size in bytes, from the layer's descriptor. */
    long size();

    /**
     * Opens the bytes {@code [offset, offset + length)}. Blocks until the first byte can be had. The channel delivers exactly
     * {@code length} bytes and then end of stream, or throws; credentials, redirects, mirrors and retries live behind it, also
     * when a transfer breaks in the middle. Closing it early, from any thread, ends the transfer.
     *
     * @param offset in bytes, at least 0
     * @param length in bytes, at least 1; {@code offset + length <= size()}
     * @throws IOException if the bytes cannot be had within the deadline of the source
     */
    ReadableByteChannel read(long offset, long length, Source source) throws IOException;

    /** Which source to ask. */
    enum Source {
        /** Any, the cheapest first. */
        ANY,
        /** What the last source delivered failed verification: another one if there is one, else a new connection to it. */
        OTHER
    }
}
