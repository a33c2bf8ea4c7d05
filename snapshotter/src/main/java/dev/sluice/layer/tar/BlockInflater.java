package dev.sluice.layer.tar;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;

/**
 * Decodes gzip members (RFC 1952), checks their headers, checksums and lengths, and can stop between blocks, as {@link
 * java.util.zip.Inflater} cannot. For use by one thread.
 */
public interface BlockInflater extends AutoCloseable {
    /** Deflate refers back so far at most, in bytes. */
    int WINDOW = 32 << 10;

    /** Where {@link #inflate} has stopped. */
    enum Stop {
        /** There is no input left, or no space. */
        ANYWHERE,
        /** Before a block; {@link #unusedBits} and {@link #window} can be asked. */
        BEFORE_BLOCK,
        /** Behind the trailer of a member. */
        MEMBER_END
    }

    /** Makes inflaters. Safe for use by many threads. */
    interface Factory {
        /**
         * A new one, before the header of a member; to be closed by the caller.
         *
         * @throws IOException if this machine has none; the message says why
         */
        BlockInflater create() throws IOException;
    }

    /**
     * Decodes until it has to stop; moves the positions of both buffers.
     *
     * @param in direct
     * @param out direct, with space left
     * @param toBlock whether to stop before the next block
     * @throws DataFormatException if the data are malformed
     */
    Stop inflate(ByteBuffer in, ByteBuffer out, boolean toBlock) throws DataFormatException;

    /** After {@link Stop#BEFORE_BLOCK}: how many high bits of the last byte taken belong to the block that follows, 0 to 7. */
    int unusedBits();

    /**
     * Copies the last decoded bytes of this member, as many as it has, to the start of a buffer.
     *
     * @param into direct, with {@link #WINDOW} bytes of space from its position, which does not move
     * @return how many bytes, at most {@link #WINDOW}
     */
    int window(ByteBuffer into);

    /** After {@link Stop#MEMBER_END}: makes ready for the next member. */
    void reset();

    /** Frees native memory. */
    @Override
    void close();
}
