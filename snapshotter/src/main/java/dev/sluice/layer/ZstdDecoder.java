package dev.sluice.layer;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Decodes Zstandard frames (RFC 8878) that follow each other from the start of the span, skippable ones among them. It stops as soon as
 * the output is full, so what follows may be anything. Windows of more than 128 MiB, zstd's own limit, are refused.
 */
public final class ZstdDecoder implements Decoder {
    /** {@link #id}. */
    public static final int ID = 3;

    @Override
    public int id() {
        return ID;
    }

    @Override
    public void decode(ByteBuffer compressed, ByteBuffer auxiliary, ByteBuffer decoded) throws IOException {
        ByteBuffer in = compressed.isDirect() ? compressed.duplicate() : directCopy(compressed);
        if (decoded.isDirect()) {
            decodeDirect(in, decoded);
        } else {
            ByteBuffer out = ByteBuffer.allocateDirect(decoded.remaining());
            decodeDirect(in, out);
            decoded.put(out.flip());
        }
    }

    private static void decodeDirect(ByteBuffer in, ByteBuffer out) throws IOException {
        try (ZstdDecompressCtx zstd = new ZstdDecompressCtx()) {
            while (out.hasRemaining()) {
                int inBefore = in.position();
                int outBefore = out.position();
                zstd.decompressDirectByteBufferStream(out, in);
                if (in.position() == inBefore && out.position() == outBefore) {
                    throw new IOException("zstd data end before the last " + out.remaining() + " bytes of the span");
                }
            }
        } catch (ZstdException e) {
            throw new IOException("zstd data are malformed near byte " + in.position() + ": " + e.getMessage(), e);
        }
    }

    private static ByteBuffer directCopy(ByteBuffer bytes) {
        return ByteBuffer.allocateDirect(bytes.remaining())
                .put(bytes.duplicate())
                .flip();
    }
}
