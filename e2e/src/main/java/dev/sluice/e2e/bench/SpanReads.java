package dev.sluice.e2e.bench;

import dev.sluice.layer.Decoder;
import dev.sluice.layer.StreamSpan;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Random;

/** Reads a compressed tar by its spans as the daemon does: a span as a whole, verified, decoded. For use by one thread. */
final class SpanReads {
    private final FileChannel tar;
    private final FileChannel blob;
    private final List<StreamSpan> spans;
    private final Decoder decoder;
    private final ByteBuffer compressed;
    private final ByteBuffer decoded;
    private final MessageDigest sha256;

    /**
     * What some reads came to.
     *
     * @param wall how long they took
     * @param cpu how much processor time they took
     * @param meanBlobBytes how much of the blob each needed
     */
    record Figures(Latencies wall, Latencies cpu, double meanBlobBytes) {}

    /**
     * @param tar what is right
     * @param spans of all of the blob
     */
    SpanReads(FileChannel tar, FileChannel blob, List<StreamSpan> spans, Decoder decoder) throws IOException {
        if (spans.isEmpty()) {
            throw new IOException("the blob can only be decoded as a whole");
        }
        this.tar = tar;
        this.blob = blob;
        this.spans = spans;
        this.decoder = decoder;
        compressed = ByteBuffer.allocateDirect(
                (int) spans.stream().mapToLong(StreamSpan::blobLength).max().orElseThrow());
        decoded = ByteBuffer.allocateDirect(
                (int) spans.stream().mapToLong(StreamSpan::decodedLength).max().orElseThrow());
        try {
            sha256 = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    int count() {
        return spans.size();
    }

    long auxiliaryBytes() {
        return spans.stream().mapToLong(span -> span.auxiliary().length).sum();
    }

    /** Measures random reads of {@code length} bytes. */
    Figures measure(int count, int length, Random random) throws IOException {
        double[] wall = new double[count];
        double[] cpu = new double[count];
        double blobBytes = 0;
        for (int i = 0; i < count; i++) {
            long offset = random.nextLong(tar.size() / length) * length;
            long wallStart = System.nanoTime();
            long cpuStart = CpuTime.ofThread();
            blobBytes += read(offset, length);
            cpu[i] = (CpuTime.ofThread() - cpuStart) / 1e3;
            wall[i] = (System.nanoTime() - wallStart) / 1e3;
        }
        return new Figures(new Latencies(wall), new Latencies(cpu), blobBytes / count);
    }

    /**
     * Reads a range of the decoded bytes, and compares it with the tar.
     *
     * @return how many bytes of the blob that took
     */
    long read(long offset, int length) throws IOException {
        long blobBytes = 0;
        long end = offset + length;
        for (int i = spanAt(offset); i < spans.size() && spans.get(i).decodedOffset() < end; i++) {
            StreamSpan span = spans.get(i);
            decode(span);
            blobBytes += span.blobLength();
            int from = (int) Math.max(0, offset - span.decodedOffset());
            int to = (int) Math.min(span.decodedLength(), end - span.decodedOffset());
            ByteBuffer expected = ByteBuffer.allocate(to - from);
            readFully(tar, span.decodedOffset() + from, expected);
            if (!decoded.slice(from, to - from).equals(expected)) {
                throw new IOException("other bytes than those of the tar in [" + offset + ", " + end + ")");
            }
        }
        return blobBytes;
    }

    private void decode(StreamSpan span) throws IOException {
        readFully(blob, span.blobOffset(), compressed.clear().limit((int) span.blobLength()));
        sha256.update(compressed.duplicate());
        if (!MessageDigest.isEqual(sha256.digest(), span.digest())) {
            throw new IOException("span at " + span.blobOffset() + " has another digest");
        }
        decoded.clear().limit((int) span.decodedLength());
        decoder.decode(compressed, ByteBuffer.wrap(span.auxiliary()), decoded);
    }

    /** The last span that begins at or before an offset. */
    private int spanAt(long decodedOffset) {
        int low = 0;
        int high = spans.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (spans.get(middle).decodedOffset() <= decodedOffset) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /** Fills the buffer, and makes it ready for reading. */
    static void readFully(FileChannel file, long offset, ByteBuffer into) throws IOException {
        for (long at = offset; into.hasRemaining(); ) {
            int count = file.read(into, at);
            if (count < 0) {
                throw new EOFException("no byte at " + at);
            }
            at += count;
        }
        into.flip();
    }
}
