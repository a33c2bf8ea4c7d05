package dev.sluice.layer.tar;

import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.PlainLayerLimits;
import dev.sluice.layer.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Random;

/** A tar as a layer, and what a pass over it gives. */
final class TarLayer {
    static final PlainLayerLimits LIMITS = new PlainLayerLimits(10_000, 1 << 20, 8 << 20, 8 << 20, 64 << 20);

    private final byte[] tar;
    private final ByteBuffer device = ByteBuffer.allocate(64 << 20);
    private final TarIndex index;

    private TarLayer(byte[] tar, int spanLength, Random chunks) throws IOException {
        this.tar = tar;
        try (TarPass pass = new TarPass(
                descriptor(tar), digest(tar), Compression.NONE, new UndecodedStream(spanLength), this::write, LIMITS)) {
            ByteBuffer direct = ByteBuffer.allocateDirect(tar.length).put(tar).flip();
            while (direct.hasRemaining()) {
                int count = 1 + chunks.nextInt(Math.min(direct.remaining(), 5000));
                pass.accept(direct.slice(direct.position(), count));
                direct.position(direct.position() + count);
            }
            index = pass.finish();
        }
    }

    /** @param chunks decides how long the pieces are in which the blob arrives */
    static TarLayer pass(byte[] tar, int spanLength, Random chunks) throws IOException {
        return new TarLayer(tar, spanLength, chunks);
    }

    static LayerDescriptor descriptor(byte[] tar) {
        return new LayerDescriptor("application/vnd.oci.image.layer.v1.tar", digest(tar), tar.length, Map.of());
    }

    static String digest(byte[] bytes) {
        return Sha256.toString(Sha256.start().digest(bytes));
    }

    private void write(long deviceOffset, ByteBuffer bytes) {
        device.put((int) deviceOffset, bytes, bytes.position(), bytes.remaining());
    }

    byte[] tar() {
        return tar;
    }

    TarIndex index() {
        return index;
    }

    byte[] device(long offset, long length) {
        byte[] bytes = new byte[(int) length];
        device.get((int) offset, bytes);
        return bytes;
    }
}
