package dev.sluice.layer.erofs;

import com.github.luben.zstd.Zstd;
import dev.sluice.layer.BlobIndexCodec;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.ZstdInput;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * An {@link ErofsIndex} as bytes: those of {@link BlobIndexCodec} with the magic "SLUICEER". The compression is 0 for none, 1 for zstd; the
 * body holds what {@link KeptMetadata} takes.
 */
final class ErofsIndexCodec {
    private static final BlobIndexCodec CODEC = new BlobIndexCodec(0x5245454349554C53L, "an EROFS layer", "metadata");
    /** Metadata of few bytes must not make us allocate many: real ones are compressed to a fifth. */
    private static final int MAX_RATIO = 1024;

    private ErofsIndexCodec() {}

    static boolean isOne(ByteBuffer bytes) {
        return CODEC.isOne(bytes);
    }

    static byte[] toBytes(ErofsIndex index) {
        ErofsSummary summary = index.summary();
        return CODEC.toBytes(new BlobIndexCodec.Content(
                summary.zstd() ? 1 : 0,
                summary.decoder(),
                summary.blobDigest(),
                summary.blobSize(),
                summary.diffId(),
                summary.imageSize(),
                summary.deviceSize(),
                index.spans(),
                Zstd.compress(index.metadata(), BlobIndexCodec.LEVEL),
                index.metadata().length));
    }

    static ErofsIndex read(ByteBuffer bytes, ErofsLimits limits) throws IOException {
        BlobIndexCodec.Content content =
                CODEC.read(bytes, new BlobIndexCodec.Limits(limits.index(), limits.device(), limits.metadata()));
        if (content.compression() > 1) {
            throw new InvalidLayerException("index has an unknown compression: " + content.compression());
        }
        if (content.decodedSize() > limits.device()) {
            throw new InvalidLayerException("index is of an image of " + content.decodedSize() + " bytes");
        }
        ErofsSummary summary = new ErofsSummary(
                content.blobDigest(),
                content.blobSize(),
                content.compression() == 1,
                content.diffId(),
                content.decodedSize(),
                content.deviceSize(),
                content.decoder());
        return new ErofsIndex(summary, content.spans(), decode(content.body(), content.bodySize()), limits);
    }

    private static byte[] decode(byte[] compressed, long size) throws IOException {
        if (size > Math.min(Integer.MAX_VALUE - 8, (long) MAX_RATIO * compressed.length)) {
            throw new InvalidLayerException("index decodes " + compressed.length + " bytes of metadata to " + size);
        }
        byte[] metadata = new byte[(int) size];
        try (ZstdInput in = new ZstdInput(ByteBuffer.wrap(compressed), size)) {
            in.read(metadata, (int) size);
            in.finish();
        }
        return metadata;
    }
}
