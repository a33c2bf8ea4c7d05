package dev.sluice.fill;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * What a data device asks of a file. Written is not durable: only a sync makes it so, and until then a crash of the machine may leave
 * any part of it, in any order. Offsets and lengths are bytes. Safe for use by many threads.
 */
interface DeviceFile extends AutoCloseable {
    long size() throws IOException;

    /** Sets the size; what is added reads as zeros. */
    void truncate(long size) throws IOException;

    /** Fills the buffer. @throws java.io.EOFException if the file ends before */
    void readFully(ByteBuffer into, long offset) throws IOException;

    /** Writes all that remains. */
    void writeFully(ByteBuffer from, long offset) throws IOException;

    /** Frees a range, which reads as zeros then; the size stays. */
    void punchHole(long offset, long length) throws IOException;

    /** Maps a range that has been written: changes are in the file at once, and durable like others. Stays valid after {@link #close}. */
    ByteBuffer map(long offset, int length) throws IOException;

    /** Makes what was written, and the size, durable. If that fails, it may never be. */
    void sync() throws IOException;

    @Override
    void close();
}
