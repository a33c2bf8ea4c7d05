package dev.sluice.layer;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Takes the contents of regular files while a tar is read. */
public interface FileSink {
    /**
     * Takes bytes of the data device. They come in ascending order; what lies between is zeros.
     *
     * @param deviceOffset in bytes
     * @param bytes all of it is to be taken before this returns
     */
    void write(long deviceOffset, ByteBuffer bytes) throws IOException;
}
