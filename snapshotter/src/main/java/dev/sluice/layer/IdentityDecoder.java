package dev.sluice.layer;

import java.io.IOException;
import java.nio.ByteBuffer;

/** The decoded bytes are those of the blob. */
public final class IdentityDecoder implements Decoder {
    /** {@link #id}. */
    public static final int ID = 0;

    @Override
    public int id() {
        return ID;
    }

    @Override
    public void decode(ByteBuffer compressed, ByteBuffer auxiliary, ByteBuffer decoded) throws IOException {
        if (compressed.remaining() < decoded.remaining()) {
            throw new IOException(
                    "span has " + compressed.remaining() + " bytes, fewer than the wanted " + decoded.remaining());
        }
        decoded.put(compressed.slice(compressed.position(), decoded.remaining()));
    }
}
