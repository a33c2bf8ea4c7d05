package dev.sluice.layer.tar;

import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.PlainLayerLimits;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Collects the bytes of a tar that are not contents of files, compressed by zstd. Not safe for use by many threads. */
final class HeaderLog implements TarScanner.MetaSink, AutoCloseable {
    private static final int LEVEL = 3;
    private static final int BUFFER = 64 << 10;

    private final PlainLayerLimits limits;
    private final ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    private final BufferedOutputStream out;
    private final byte[] block = new byte[HeaderBlock.SIZE];
    private long size;

    HeaderLog(PlainLayerLimits limits) throws IOException {
        this.limits = limits;
        this.out = new BufferedOutputStream(new ZstdOutputStreamNoFinalizer(compressed, LEVEL), BUFFER);
    }

    @Override
    public void accept(ByteBuffer bytes) throws IOException {
        size += bytes.remaining();
        if (size > limits.metadata() || compressed.size() > limits.index()) {
            throw new InvalidLayerException("headers of the tar have more than " + limits.metadata() + " bytes, or "
                    + limits.index() + " when compressed");
        }
        while (bytes.hasRemaining()) {
            int count = Math.min(bytes.remaining(), block.length);
            bytes.get(block, 0, count);
            out.write(block, 0, count);
        }
    }

    /** Bytes that came. */
    long size() {
        return size;
    }

    /** One zstd frame of all that came. To be called once, after the last byte. */
    byte[] finish() throws IOException {
        out.close();
        return compressed.toByteArray();
    }

    /** Frees native memory. */
    @Override
    public void close() throws IOException {
        out.close();
    }
}
