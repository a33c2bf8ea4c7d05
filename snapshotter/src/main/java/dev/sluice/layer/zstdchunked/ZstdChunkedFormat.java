package dev.sluice.layer.zstdchunked;

import com.github.luben.zstd.ZstdIOException;
import dev.sluice.layer.Blob;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerFormat;
import dev.sluice.layer.LayerImage;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.ZstdDecoder;
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
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * zstd:chunked layers: each chunk of a file is a zstd frame, and a table of contents like eStargz's lies in a skippable frame behind
 * them. Both dialects, containers/storage's and stargz', differ in annotations and footers only. The manifest vouches for the table of
 * contents, see {@link TocClaim}, and mostly says where it lies; if it does not, the footer does. A layer whose manifest vouches for
 * none is not read lazily.
 */
public final class ZstdChunkedFormat implements LayerFormat {
    private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");

    private final TocLimits limits;

    /** Reads tables of contents of as many entries as {@link TocLimits#forHeap} allows. */
    public ZstdChunkedFormat() {
        this(TocLimits.forHeap(Runtime.getRuntime().maxMemory()));
    }

    ZstdChunkedFormat(TocLimits limits) {
        this.limits = limits;
    }

    @Override
    public String name() {
        return "zstd-chunked";
    }

    @Override
    public Optional<String> indexDigest(LayerDescriptor layer) {
        return isZstd(layer)
                ? TocClaim.of(layer)
                        .map(TocClaim::digest)
                        .filter(digest -> DIGEST.matcher(digest).matches())
                : Optional.empty();
    }

    @Override
    public Result read(LayerDescriptor layer, Blob blob, LayerImage image) throws IOException {
        if (!isZstd(layer)) {
            return new Result.NotThisFormat("its media type is not one of zstd: " + layer.mediaType());
        }
        Optional<TocClaim> claim = TocClaim.of(layer);
        if (claim.isEmpty()) {
            return new Result.NotThisFormat("its manifest has no annotation " + TocClaim.CHECKSUM
                    + ", so a table of contents could not be trusted");
        }
        if (!DIGEST.matcher(claim.get().digest()).matches()) {
            throw new InvalidLayerException("annotation " + claim.get().annotation() + " is no SHA-256 digest");
        }
        return TocReader.readTwice(source -> read(claim.get(), blob, source));
    }

    private Result read(TocClaim claim, Blob blob, Blob.Source source) throws IOException {
        if (claim.position().isPresent()) {
            TocPosition position = TocPosition.parse(claim.position().get(), blob.size());
            check(position);
            InputStream toc = Channels.newInputStream(blob.read(position.offset(), position.compressed(), source));
            return new Result.Indexed(read(claim, blob, position, toc));
        }
        BlobTail tail = BlobTail.read(blob, source);
        Optional<TocPosition> position = Footer.parse(ByteBuffer.wrap(tail.bytes()), blob.size());
        if (position.isEmpty()) {
            return new Result.NotThisFormat("neither its manifest nor a footer says where its table of contents is");
        }
        check(position.get());
        long end = position.get().offset() + position.get().compressed();
        return new Result.Indexed(
                read(claim, blob, position.get(), tail.open(position.get().offset(), end)));
    }

    private void check(TocPosition position) throws InvalidLayerException {
        if (position.compressed() > limits.compressed() || position.json() > limits.json()) {
            throw new InvalidLayerException("table of contents has " + position.compressed() + " bytes, "
                    + position.json() + " of JSON; allowed are " + limits.compressed() + " and " + limits.json());
        }
    }

    private LayerIndex read(TocClaim claim, Blob blob, TocPosition position, InputStream toc) throws IOException {
        ChunkedBlob chunked =
                new ChunkedBlob(name(), new ZstdDecoder(), blob.size(), position.offset() - TocPosition.FRAME_HEADER);
        try (ZstdTocStream json = new ZstdTocStream(toc, claim.ofCompressed(), limits.json())) {
            return new TocReader(limits).read(json, claim.digest(), chunked);
        } catch (ZstdIOException | EOFException e) {
            throw new CorruptTocException("zstd data of the table of contents are malformed: " + e.getMessage(), e);
        }
    }

    private static boolean isZstd(LayerDescriptor layer) {
        return layer.mediaType().endsWith("zstd");
    }
}
