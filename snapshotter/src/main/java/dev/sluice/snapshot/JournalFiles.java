package dev.sluice.snapshot;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * The directory of a journal. What is written is durable after {@link OpenFile#sync}, names after {@link #syncNames}; until then a
 * crash of the machine may leave any part of it.
 */
interface JournalFiles {
    boolean exists(String name) throws IOException;

    byte[] read(String name) throws IOException;

    /** Opens an existing file. */
    OpenFile open(String name) throws IOException;

    /** Makes a file, or empties it. */
    OpenFile create(String name) throws IOException;

    /** Gives a file another name, in one step; the file that had it is gone. */
    void rename(String from, String to) throws IOException;

    void syncNames() throws IOException;

    /** For messages. */
    Path path(String name);

    /** A file to be written to. */
    interface OpenFile extends Closeable {
        /** Writes all that remains, at an offset in bytes. */
        void write(ByteBuffer bytes, long at) throws IOException;

        void truncate(long size) throws IOException;

        void sync() throws IOException;
    }
}
