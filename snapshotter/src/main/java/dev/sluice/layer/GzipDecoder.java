package dev.sluice.layer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.Inflater;

/**
 * Decodes one or several gzip members (RFC 1952) that follow each other from the start of the span. It stops as soon as the output
 * is full, so what follows may be anything. Checksums of members are not looked at: the digests of extents say more.
 */
public final class GzipDecoder implements Decoder {
    /** {@link #id}. */
    public static final int ID = 1;

    @Override
    public int id() {
        return ID;
    }

    @Override
    public void decode(ByteBuffer compressed, ByteBuffer auxiliary, ByteBuffer decoded) throws IOException {
        // Costs a few microseconds; a pool would have to be emptied by somebody.
        Inflater inflater = new Inflater(true);
        try {
            new GzipMembers(inflater, compressed, decoded).decode();
        } finally {
            inflater.end();
        }
    }
}
