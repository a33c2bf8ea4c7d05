package dev.sluice.fill;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The contents of all regular files of one layer, at first a hole, filled by and by. One implementation per place of storage.
 * Safe for use by many threads; two writers never write the same page at once (the fill engine's single flight sees to that).
 *
 * <p>The contract: {@link #isPresent} is true only for bytes that a {@link #write} has put there and that returned; after a crash
 * of the process what was present stays present; after a crash of the machine only what a {@link #sync} covered does. Present
 * bytes are never torn. All offsets and lengths are in bytes; a page has 4096 bytes.
 */
public interface DataDevice extends AutoCloseable {
    /** Page and block size. */
    int PAGE = 4096;

    /** Size, a multiple of {@link #PAGE}; constant. */
    long size();

    /** Whether all pages that overlap the range are present. An empty range is. */
    boolean isPresent(long offset, long length);

    /** Offset of the first page at or after {@code offset} that is absent, or {@link #size} if there is none. */
    long firstAbsent(long offset);

    /** How many bytes are present; the last page counts in full. */
    long presentBytes();

    /**
     * Writes whole pages and marks them present when all are written.
     *
     * @param offset a multiple of {@link #PAGE}
     * @param pages its remaining bytes are written, a multiple of {@link #PAGE}; direct buffers are written without a copy
     * @throws IOException if it could not be written whole (a full disk, say); nothing of the range becomes present
     */
    void write(long offset, ByteBuffer pages) throws IOException;

    /**
     * Reads present bytes.
     *
     * @throws IOException if they cannot be read, or if a page of the range is absent
     */
    void read(long offset, ByteBuffer into) throws IOException;

    /** Makes whole pages absent again and gives their space back. */
    void forget(long offset, long length) throws IOException;

    /** Makes what is present now survive a crash of the machine. */
    void sync() throws IOException;

    /** Syncs and closes. */
    @Override
    void close() throws IOException;
}
