package dev.sluice.layer.estargz;

import dev.sluice.layer.Blob;
import dev.sluice.layer.GzipDecoder;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerFormat;
import dev.sluice.layer.LayerImage;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.toc.BlobTail;
import dev.sluice.layer.toc.ChunkedBlob;
import dev.sluice.layer.toc.CorruptTocException;
import dev.sluice.layer.toc.TocLimits;
import dev.sluice.layer.toc.TocReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * eStargz layers: each chunk of a file is a gzip member, or lies in one, and the table of contents at the blob's end, or in a blob of
 * another image, has offsets and digests of all. The manifest vouches for the table of contents by the annotation {@value #TOC_DIGEST}; a layer without it is
 * not read lazily.
 */
public final class EstargzFormat implements LayerFormat {
    private static final String TOC_DIGEST = "containerd.io/snapshot/stargz/toc.digest";
    /** What follows the image's tag in that of an image with external tables of contents; so stargz-snapshotter does it. */
    private static final String TOC_TAG = "-esgztoc";
    /** On a layer of such an image: the digest of the layer whose table of contents it is. */
    private static final String TOC_OF = "containerd.io/snapshot/stargz/layer.digest";

    private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");

    private final TocLimits limits;

    /** Reads tables of contents of up to two million entries, or fewer if the heap of this process is below 1.3 GB. */
    public EstargzFormat() {
        this(TocLimits.forHeap(Runtime.getRuntime().maxMemory()));
    }

    EstargzFormat(TocLimits limits) {
        this.limits = limits;
    }

    @Override
    public String name() {
        return "estargz";
    }

    @Override
    public Optional<String> indexDigest(LayerDescriptor layer) {
        return Optional.ofNullable(layer.annotations().get(TOC_DIGEST))
                .filter(digest -> isGzip(layer) && DIGEST.matcher(digest).matches());
    }

    @Override
    public Result read(LayerDescriptor layer, Blob blob, LayerImage image) throws IOException {
        @Nullable String digest = layer.annotations().get(TOC_DIGEST);
        if (digest == null) {
            return new Result.NotThisFormat(
                    "its manifest has no annotation " + TOC_DIGEST + ", so a table of contents could not be trusted");
        }
        if (!isGzip(layer)) {
            return new Result.NotThisFormat("its media type is not one of gzip: " + layer.mediaType());
        }
        if (!DIGEST.matcher(digest).matches()) {
            throw new InvalidLayerException("annotation " + TOC_DIGEST + " is no SHA-256 digest");
        }
        return TocReader.readTwice(source -> read(layer, digest, BlobTail.read(blob, source), image));
    }

    private static boolean isGzip(LayerDescriptor layer) {
        return layer.mediaType().endsWith("gzip");
    }

    private Result read(LayerDescriptor layer, String digest, BlobTail tail, LayerImage image) throws IOException {
        long blobSize = tail.blob().size();
        Footer footer = Footer.parse(ByteBuffer.wrap(tail.bytes()), blobSize);
        if (footer instanceof Footer.Toc toc) {
            long end = blobSize - toc.size();
            checkCompressed(end - toc.tocOffset());
            return new Result.Indexed(readToc(digest, tail.open(toc.tocOffset(), end), blobSize, toc.tocOffset()));
        }
        if (footer instanceof Footer.ExternalToc external) {
            Optional<LayerDescriptor> toc = externalToc(layer, image);
            if (toc.isPresent()) {
                checkCompressed(toc.get().size());
                InputStream bytes = Channels.newInputStream(
                        image.open(toc.get()).read(0, toc.get().size(), tail.source()));
                return new Result.Indexed(readToc(digest, bytes, blobSize, blobSize - external.size()));
            }
            return new Result.NotThisFormat(
                    "its table of contents is not in the image beside its own, whose tag would end in " + TOC_TAG);
        }
        return new Result.NotThisFormat("it does not end in an eStargz footer");
    }

    /** The blob with the table of contents, if there is one for this layer. */
    private static Optional<LayerDescriptor> externalToc(LayerDescriptor layer, LayerImage image) throws IOException {
        return image.companion(TOC_TAG).stream()
                .flatMap(List::stream)
                .filter(toc -> layer.digest().equals(toc.annotations().get(TOC_OF)))
                .findFirst();
    }

    private void checkCompressed(long bytes) throws InvalidLayerException {
        if (bytes <= 0 || bytes > limits.compressed()) {
            throw new InvalidLayerException(
                    "compressed table of contents has " + bytes + " bytes, allowed are " + limits.compressed());
        }
    }

    private LayerIndex readToc(String digest, InputStream compressed, long blobSize, long dataEnd) throws IOException {
        ChunkedBlob chunked = new ChunkedBlob(name(), new GzipDecoder(), blobSize, dataEnd);
        try (TocStream json = TocStream.open(compressed, limits.json())) {
            return new TocReader(limits).read(json, digest, chunked);
        } catch (ZipException | EOFException e) {
            throw new CorruptTocException("gzip data of the table of contents are malformed: " + e.getMessage(), e);
        }
    }
}
