package dev.sluice.mount;

import dev.sluice.layer.BlobIndex;
import dev.sluice.layer.PlainLayerLimits;
import dev.sluice.layer.erofs.ErofsIndex;
import dev.sluice.layer.erofs.ErofsLimits;
import dev.sluice.layer.tar.TarIndex;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Reads indexes of plain layers, of whichever kind. */
final class BlobIndexes {
    private BlobIndexes() {}

    /**
     * Reads what {@link BlobIndex#toBytes} gave, or a stranger.
     *
     * @throws dev.sluice.layer.InvalidLayerException if it is no index, of another version, corrupt, or passes a limit
     */
    static BlobIndex read(byte[] bytes, PlainLayerLimits limits) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        return ErofsIndex.isOne(in) ? ErofsIndex.read(in, erofs(limits)) : TarIndex.read(in, limits);
    }

    /** The same limits for EROFS images, whose metadata are held in memory as a whole. */
    static ErofsLimits erofs(PlainLayerLimits limits) {
        long metadata = Math.min(Integer.MAX_VALUE - 64L, Math.min(limits.metadata(), limits.index()));
        return new ErofsLimits(limits.entries(), limits.names(), metadata, limits.index(), limits.device());
    }
}
