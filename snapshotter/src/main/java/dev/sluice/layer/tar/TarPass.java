package dev.sluice.layer.tar;

import dev.sluice.layer.DigestMismatchException;
import dev.sluice.layer.FileSink;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.PlainLayerLimits;
import dev.sluice.layer.Sha256;
import dev.sluice.layer.SpanTableBuilder;
import dev.sluice.layer.StreamSpan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;

/**
 * One pass over a plain layer, from its first byte to its last: checks both digests, hands out the contents of files, and finds out
 * what is needed to read it lazily from then on. Nothing of it may be believed before {@link #finish} has returned.
 *
 * <p>Hashes the blob and decodes it on the caller's thread; hashes and reads the tar, and calls the sink, on a second one. Used by
 * one thread.
 */
public final class TarPass implements AutoCloseable {
    private final LayerDescriptor layer;
    private final byte[] blobDigest;
    private final byte[] diffDigest;
    private final Compression compression;
    private final StreamDecoder decoder;
    private final MessageDigest blobHash = Sha256.start();
    private final MessageDigest tarHash = Sha256.start();
    private final HeaderLog headers;
    private final TarScanner scanner;
    private final DecodedPipe pipe;
    private final PlainLayerLimits limits;
    private long blobBytes;

    /**
     * @param diffId digest of the tar, {@code sha256:hex}
     * @param decoder of this compression, at its start; closed with this, also if this throws
     * @param files is called by one other thread, between the construction and the end of {@link #finish} or {@link #close}
     * @throws InvalidLayerException if a digest is not one of SHA-256
     */
    public TarPass(
            LayerDescriptor layer,
            String diffId,
            Compression compression,
            StreamDecoder decoder,
            FileSink files,
            PlainLayerLimits limits)
            throws IOException {
        this.layer = layer;
        this.compression = compression;
        this.decoder = decoder;
        this.limits = limits;
        try {
            blobDigest = Sha256.parse(layer.digest());
            diffDigest = Sha256.parse(diffId);
            headers = new HeaderLog(limits);
        } catch (IOException e) {
            decoder.close();
            throw e;
        }
        scanner = new TarScanner(limits, files, headers);
        pipe = new DecodedPipe("tar-pass", this::read);
    }

    private void read(ByteBuffer tar) throws IOException {
        tarHash.update(tar.duplicate());
        scanner.accept(tar);
    }

    /**
     * Takes the next bytes of the blob.
     *
     * @param compressed direct; all of it is taken
     * @throws DigestMismatchException if the blob is longer than its descriptor says
     * @throws InvalidLayerException if it is a tar that containerd would refuse, or a limit is passed
     * @throws IOException if the compressed bytes are malformed, or the sink throws
     */
    public void accept(ByteBuffer compressed) throws IOException {
        blobBytes += compressed.remaining();
        if (blobBytes > layer.size()) {
            throw new DigestMismatchException("blob is longer than the " + layer.size() + " bytes of its descriptor");
        }
        blobHash.update(compressed.duplicate());
        decoder.decode(compressed, pipe);
    }

    /**
     * Says that the blob has ended. To be called once.
     *
     * @return what is needed from now on
     * @throws DigestMismatchException if it or its tar has another digest than was said
     * @throws IOException as {@link #accept}, or if the blob or its tar has ended too early
     */
    public TarIndex finish() throws IOException {
        if (blobBytes != layer.size()) {
            throw new DigestMismatchException("blob has " + blobBytes + " bytes, its descriptor says " + layer.size());
        }
        check("blob", blobDigest, blobHash.digest(), false);
        decoder.finish(pipe);
        pipe.finish();
        check("tar", diffDigest, tarHash.digest(), true);
        scanner.finish();
        List<StreamSpan> spans = spans();
        return new TarIndex(
                new TarSummary(
                        Sha256.toString(blobDigest),
                        layer.size(),
                        compression,
                        Sha256.toString(diffDigest),
                        scanner.position(),
                        scanner.pieces().deviceSize(),
                        spans.isEmpty() ? 0 : decoder.spanDecoder().id()),
                spans,
                headers.finish(),
                headers.size(),
                limits);
    }

    /** The spans, or none if one of them is too long to be held in memory. */
    private List<StreamSpan> spans() {
        List<StreamSpan> spans = decoder.spans();
        boolean areShort = spans.stream()
                .allMatch(span -> span.decodedLength() <= SpanTableBuilder.MAX_DECODED
                        && span.blobLength() <= SpanTableBuilder.MAX_COMPRESSED);
        return areShort ? List.copyOf(spans) : List.of();
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

    /** Ends the pass, wherever it is. Waits for a call of the sink that has begun. */
    @Override
    public void close() throws IOException {
        pipe.close();
        decoder.close();
        headers.close();
    }
}
