package dev.sluice.layer.tar;

import dev.sluice.layer.BlobIndexCodec;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.PlainLayerLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A {@link TarIndex} as bytes: those of {@link BlobIndexCodec} with the magic "SLUICEIX". The compression is 0 for none, 1 for gzip, 2 for
 * zstd; the body holds all bytes of the tar but the contents of files, padding, and what is behind its end.
 */
final class TarIndexCodec {
    private static final BlobIndexCodec CODEC = new BlobIndexCodec(0x5849454349554C53L, "a plain layer", "headers");
    private static final List<Compression> COMPRESSIONS = List.of(Compression.NONE, Compression.GZIP, Compression.ZSTD);

    private TarIndexCodec() {}

    static byte[] toBytes(TarIndex index) {
        TarSummary summary = index.summary();
        return CODEC.toBytes(new BlobIndexCodec.Content(
                COMPRESSIONS.indexOf(summary.compression()),
                summary.decoder(),
                summary.blobDigest(),
                summary.blobSize(),
                summary.diffId(),
                summary.tarSize(),
                summary.deviceSize(),
                index.spans(),
                index.compressedHeaders(),
                index.headersSize()));
    }

    static TarIndex read(ByteBuffer bytes, PlainLayerLimits limits) throws IOException {
        BlobIndexCodec.Content content =
                CODEC.read(bytes, new BlobIndexCodec.Limits(limits.index(), limits.device(), limits.metadata()));
        if (content.compression() >= COMPRESSIONS.size()) {
            throw new InvalidLayerException("index has an unknown compression: " + content.compression());
        }
        TarSummary summary = new TarSummary(
                content.blobDigest(),
                content.blobSize(),
                COMPRESSIONS.get(content.compression()),
                content.diffId(),
                content.decodedSize(),
                content.deviceSize(),
                content.decoder());
        return new TarIndex(summary, content.spans(), content.body(), content.bodySize(), limits);
    }
}
