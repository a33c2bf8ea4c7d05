package dev.sluice.erofs;

import java.io.IOException;
import java.nio.ByteBuffer;

/** The bytes of an image, wherever they are. Implementations are safe for use by as many threads as the {@link ErofsReader} over them. */
public interface ErofsSource {
    /** Size of the image in bytes. */
    long size();

    /**
     * Some bytes of the image, from position 0 to the limit of a buffer.
     *
     * @param offset in bytes; {@code offset + length <= size()}
     * @throws ErofsException if the image cannot have these bytes
     */
    ByteBuffer read(long offset, int length) throws IOException;
}
