package dev.sluice.layer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Decodes gzip (RFC 1952) from a {@link GzipRestart} on, over the ends of members. Checksums of members are not looked at: the span has
 * a digest.
 *
 * <p>The {@link Inflater} of the JDK can only begin with a whole byte. If the span begins within one, it is first given empty blocks
 * that end at the same bit of a byte.
 */
public final class GzipSpanDecoder implements Decoder {
    /** {@link #id}. */
    public static final int ID = 2;

    @Override
    public int id() {
        return ID;
    }

    @Override
    public void decode(ByteBuffer compressed, ByteBuffer auxiliary, ByteBuffer decoded) throws IOException {
        if (!decoded.hasRemaining()) {
            return;
        }
        Inflater inflater = new Inflater(true);
        try {
            GzipMembers members = new GzipMembers(inflater, compressed, decoded);
            if (auxiliary.hasRemaining()) {
                members.decodeRest(prime(inflater, GzipRestart.ofAuxiliary(auxiliary), compressed));
            } else {
                members.decode();
            }
        } finally {
            inflater.end();
        }
    }

    /** Returns how many bytes of the input the inflater has been given. */
    private static int prime(Inflater inflater, GzipRestart restart, ByteBuffer compressed) throws IOException {
        inflater.setDictionary(restart.window());
        if (restart.bits() == 0) {
            return 0;
        }
        if (!compressed.hasRemaining()) {
            throw new IOException("gzip data end before they begin");
        }
        byte[] blocks = EmptyBlocks.before(restart.bits(), compressed.get(compressed.position()));
        inflater.setInput(blocks);
        try {
            // At most seven bits come from the data: they are no symbol yet, so nothing is decoded.
            if (inflater.inflate(new byte[1]) != 0 || !inflater.needsInput()) {
                throw new IOException("gzip data are malformed in their first byte");
            }
        } catch (DataFormatException e) {
            throw new IOException("gzip data are malformed in their first byte: " + e.getMessage(), e);
        }
        return 1;
    }
}
