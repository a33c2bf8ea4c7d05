package dev.sluice.layer.estargz;

import dev.sluice.layer.Blob;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerFormat;
import dev.sluice.layer.LayerIndex;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * eStargz layers: each chunk of a file is a gzip member, or lies in one, and the table of contents at the blob's end has offsets
 * and digests of all. The manifest vouches for the table of contents by the annotation {@value #TOC_DIGEST}; a layer without it is
 * not read lazily.
 *
 * <p>The table of contents is parsed while it arrives, so its JSON is never in memory as a whole; what came of it is believed only
 * after its digest was found to be right. One that is not is fetched once more, from another source.
 */
public final class EstargzFormat implements LayerFormat {
    private static final String TOC_DIGEST = "containerd.io/snapshot/stargz/toc.digest";
    private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");

    private final Limits limits;

    /** Reads tables of contents of up to two million entries, or fewer if the heap of this process is below 1.3 GB. */
    public EstargzFormat() {
        this(Limits.forHeap(Runtime.getRuntime().maxMemory()));
    }

    EstargzFormat(Limits limits) {
        this.limits = limits;
    }

    @Override
    public String name() {
        return "estargz";
    }

    @Override
    public Optional<String> indexDigest(LayerDescriptor layer) {
        return Optional.ofNullable(layer.annotations().get(TOC_DIGEST))
                .filter(digest -> DIGEST.matcher(digest).matches());
    }

    @Override
    public Result read(LayerDescriptor layer, Blob blob) throws IOException {
        @Nullable String digest = layer.annotations().get(TOC_DIGEST);
        if (digest == null) {
            return new Result.NotThisFormat(
                    "its manifest has no annotation " + TOC_DIGEST + ", so a table of contents could not be trusted");
        }
        if (!layer.mediaType().endsWith("gzip")) {
            return new Result.NotThisFormat("its media type is not one of gzip: " + layer.mediaType());
        }
        if (!DIGEST.matcher(digest).matches()) {
            throw new InvalidLayerException("annotation " + TOC_DIGEST + " is no SHA-256 digest");
        }
        try {
            return read(digest, BlobTail.read(blob, Blob.Source.ANY));
        } catch (CorruptTocException e) {
            try {
                return read(digest, BlobTail.read(blob, Blob.Source.OTHER));
            } catch (CorruptTocException again) {
                again.addSuppressed(e);
                throw new InvalidLayerException(again.reason(), again);
            }
        }
    }

    private Result read(String digest, BlobTail tail) throws IOException {
        long blobSize = tail.blob().size();
        Footer footer = Footer.parse(ByteBuffer.wrap(tail.bytes()), blobSize);
        if (footer instanceof Footer.Toc toc) {
            return new Result.Indexed(readToc(digest, tail, toc.tocOffset(), blobSize - toc.size()));
        }
        return new Result.NotThisFormat(
                footer instanceof Footer.ExternalToc
                        ? "its table of contents is in another image, which is not supported"
                        : "it does not end in an eStargz footer");
    }

    private LayerIndex readToc(String digest, BlobTail tail, long tocOffset, long tocEnd) throws IOException {
        if (tocEnd - tocOffset > limits.compressed()) {
            throw new InvalidLayerException("compressed table of contents has " + (tocEnd - tocOffset)
                    + " bytes, allowed are " + limits.compressed());
        }
        Toc toc = new Toc(limits);
        try (TocStream json = TocStream.open(tail.open(tocOffset, tocEnd), limits.json())) {
            @Nullable InvalidLayerException broken = null;
            try {
                new TocParser(limits).parse(json, toc);
            } catch (InvalidLayerException e) {
                broken = e;
            }
            String actual = json.finish();
            if (!actual.equals(digest)) {
                throw new CorruptTocException(
                        "table of contents has the digest " + actual + ", the manifest says " + digest, broken);
            }
            if (broken != null) {
                throw broken;
            }
        } catch (ZipException | EOFException e) {
            throw new CorruptTocException("gzip data of the table of contents are malformed: " + e.getMessage(), e);
        }
        return toc.finish(name(), digest, tail.blob().size(), tocOffset);
    }
}
