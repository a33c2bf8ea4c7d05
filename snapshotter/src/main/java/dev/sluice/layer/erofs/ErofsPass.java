package dev.sluice.layer.erofs;

import dev.sluice.erofs.ErofsException;
import dev.sluice.erofs.ErofsReader;
import dev.sluice.layer.DigestMismatchException;
import dev.sluice.layer.FileSink;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.Sha256;
import dev.sluice.layer.SpanTableBuilder;
import dev.sluice.layer.StreamSpan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;

/**
 * One pass over a layer that is an EROFS image, from its first byte to its last: checks both digests, then reads the image, hands out
 * the contents of files, and finds out what is needed to read it lazily from then on. An image can be read in no order that it could come in,
 * so all of it goes into a file first. Used by one thread.
 */
public final class ErofsPass {
    private static final int COPY = 1 << 20;

    private final LayerDescriptor layer;
    private final boolean zstd;
    private final byte[] blobDigest;
    private final byte[] diffDigest;
    private final FileChannel image;
    private final ErofsLimits limits;
    private final MessageDigest blobHash = Sha256.start();
    private final MessageDigest imageHash = Sha256.start();
    private long blobBytes;
    private long imageBytes;

    /**
     * @param diffId digest of the image, {@code sha256:hex}
     * @param zstd whether the blob is the image compressed by zstd; else it is the image
     * @param image an empty file that takes the image, to be read and written; not closed
     * @throws InvalidLayerException if a digest is not one of SHA-256
     */
    public ErofsPass(LayerDescriptor layer, String diffId, boolean zstd, FileChannel image, ErofsLimits limits)
            throws InvalidLayerException {
        this.layer = layer;
        this.zstd = zstd;
        this.blobDigest = Sha256.parse(layer.digest());
        this.diffDigest = Sha256.parse(diffId);
        this.image = image;
        this.limits = limits;
    }

    /**
     * Looks at the next bytes of the blob, whose decoded bytes {@link #accept} takes.
     *
     * @param compressed is not changed
     * @throws DigestMismatchException if the blob is longer than its descriptor says
     */
    public void look(ByteBuffer compressed) throws DigestMismatchException {
        blobBytes += compressed.remaining();
        if (blobBytes > layer.size()) {
            throw new DigestMismatchException("blob is longer than the " + layer.size() + " bytes of its descriptor");
        }
        blobHash.update(compressed.duplicate());
    }

    /** Takes the next bytes of the image. */
    public void accept(ByteBuffer decoded) throws IOException {
        if (decoded.remaining() > limits.device() - imageBytes) {
            throw new InvalidLayerException("image has more than " + limits.device() + " bytes");
        }
        imageHash.update(decoded.duplicate());
        while (decoded.hasRemaining()) {
            imageBytes += image.write(decoded, imageBytes);
        }
    }

    /**
     * Says that the blob has ended. To be called once.
     *
     * @param spans from where the blob can be decoded: all of it, or nothing
     * @param decoder of the spans, {@link dev.sluice.layer.Decoder#id}
     * @param files takes the contents of files
     * @return what is needed from now on
     * @throws DigestMismatchException if the blob or the image has another digest than was said
     * @throws InvalidLayerException if it is no image that can be mounted; the digests are right then
     */
    public ErofsIndex finish(List<StreamSpan> spans, int decoder, FileSink files) throws IOException {
        if (blobBytes != layer.size()) {
            throw new DigestMismatchException("blob has " + blobBytes + " bytes, its descriptor says " + layer.size());
        }
        check("blob", blobDigest, blobHash.digest(), false);
        check("image", diffDigest, imageHash.digest(), true);
        MetadataLog metadata = new MetadataLog(image, imageBytes);
        try (ErofsReader reader = ErofsReader.of(metadata)) {
            ImageFiles contents = ImageFiles.read(reader, imageBytes, limits);
            ImageEntries.read(reader, contents, limits);
            for (ImageFiles.Piece piece : contents.pieces()) {
                copy(piece, files);
            }
            List<StreamSpan> useful = areShort(spans) ? spans : List.of();
            ErofsSummary summary = new ErofsSummary(
                    layer.digest(),
                    layer.size(),
                    zstd,
                    Sha256.toString(diffDigest),
                    imageBytes,
                    contents.deviceSize(),
                    useful.isEmpty() ? 0 : decoder);
            return new ErofsIndex(summary, useful, metadata.toBytes(limits.metadata()), limits);
        } catch (ErofsException e) {
            throw new InvalidLayerException(
                    "layer is no EROFS image that Sluice can mount, and containerd cannot unpack it here: "
                            + e.getMessage(),
                    e);
        }
    }

    private void copy(ImageFiles.Piece piece, FileSink files) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(COPY, piece.length()));
        for (long done = 0; done < piece.length(); ) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), piece.length() - done));
            int count = image.read(buffer, piece.imageOffset() + done);
            if (count < 0) {
                throw new IOException("image has been cut off while it was read");
            }
            files.write(piece.deviceOffset() + done, buffer.flip());
            done += count;
        }
    }

    /** Whether no span is too long to be held in memory. */
    private static boolean areShort(List<StreamSpan> spans) {
        return spans.stream()
                .allMatch(span -> span.decodedLength() <= SpanTableBuilder.MAX_DECODED
                        && span.blobLength() <= SpanTableBuilder.MAX_COMPRESSED);
    }

    private static void check(String what, byte[] expected, byte[] actual, boolean blobIsRight)
            throws DigestMismatchException {
        if (!Arrays.equals(expected, actual)) {
            throw new DigestMismatchException(
                    what + " has the digest " + Sha256.toString(actual) + ", the manifest says "
                            + Sha256.toString(expected),
                    blobIsRight);
        }
    }
}
