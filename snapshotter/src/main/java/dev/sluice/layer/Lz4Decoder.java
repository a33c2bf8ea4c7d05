package dev.sluice.layer;

import java.io.IOException;
import java.nio.ByteBuffer;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;

/** Decodes one LZ4 block, without frame or size, that is the whole span and decodes to just the wanted bytes. */
public final class Lz4Decoder implements Decoder {
    /** {@link #id}. */
    public static final int ID = 4;

    private final LZ4SafeDecompressor decompressor =
            LZ4Factory.fastestInstance().safeDecompressor();

    @Override
    public int id() {
        return ID;
    }

    @Override
    public void decode(ByteBuffer compressed, ByteBuffer auxiliary, ByteBuffer decoded) throws IOException {
        int length;
        try {
            length = decompressor.decompress(
                    compressed,
                    compressed.position(),
                    compressed.remaining(),
                    decoded,
                    decoded.position(),
                    decoded.remaining());
        } catch (LZ4Exception e) {
            throw new IOException("LZ4 data are malformed: " + e.getMessage(), e);
        }
        decoded.position(decoded.position() + length);
        if (decoded.hasRemaining()) {
            throw new IOException("LZ4 data end before the last " + decoded.remaining() + " bytes of the span");
        }
    }
}
