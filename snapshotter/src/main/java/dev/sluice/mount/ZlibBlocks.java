package dev.sluice.mount;

import dev.sluice.layer.tar.BlockInflater;
import dev.sluice.linux.InflateStream;
import dev.sluice.linux.Zlib;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;

/** Decodes gzip block by block with the system's zlib. */
public final class ZlibBlocks implements BlockInflater {
    private final InflateStream stream;

    private ZlibBlocks(InflateStream stream) {
        this.stream = stream;
    }

    /** Makes inflaters, or fails with the reason why there is no zlib. */
    public static Factory factory(Zlib.Lookup lookup) {
        return () -> {
            if (lookup instanceof Zlib.Found found) {
                return new ZlibBlocks(found.zlib().gunzip());
            }
            throw new IOException("gzip cannot be decoded block by block: " + lookup);
        };
    }

    @Override
    public Stop inflate(ByteBuffer in, ByteBuffer out, boolean toBlock) throws DataFormatException {
        return switch (stream.inflate(in, out, toBlock)) {
            case ANYWHERE -> Stop.ANYWHERE;
            case BEFORE_BLOCK -> Stop.BEFORE_BLOCK;
            case MEMBER_END -> Stop.MEMBER_END;
        };
    }

    @Override
    public int unusedBits() {
        return stream.unusedBits();
    }

    @Override
    public int window(ByteBuffer into) {
        return stream.window(into);
    }

    @Override
    public void reset() {
        stream.reset();
    }

    @Override
    public void close() {
        stream.close();
    }
}
