package dev.sluice.layer.tar;

import dev.sluice.layer.BlobIndex;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.PlainLayerLimits;
import dev.sluice.layer.SpanTable;
import dev.sluice.layer.SpanTableBuilder;
import dev.sluice.layer.StreamSpan;
import dev.sluice.layer.ZstdInput;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * What one pass over a plain layer found out about it, enough to read it lazily from then on: from where in the blob decoding can begin, and
 * all bytes of its tar but the contents of files. Immutable, safe for use by many threads.
 */
public final class TarIndex implements BlobIndex {
    private final TarSummary summary;
    private final List<StreamSpan> spans;
    private final byte[] compressedHeaders;
    private final long headersSize;
    private final PlainLayerLimits limits;

    /**
     * @param spans all of the blob, or nothing
     * @param compressedHeaders a zstd frame
     * @param headersSize of the bytes in it
     */
    TarIndex(
            TarSummary summary,
            List<StreamSpan> spans,
            byte[] compressedHeaders,
            long headersSize,
            PlainLayerLimits limits) {
        this.summary = summary;
        this.spans = List.copyOf(spans);
        this.compressedHeaders = compressedHeaders;
        this.headersSize = headersSize;
        this.limits = limits;
    }

    /**
     * Reads what {@link #writeTo} wrote, or a stranger.
     *
     * @param bytes from position to limit
     * @throws InvalidLayerException if it is no index, of another version, corrupt, or passes a limit
     */
    public static TarIndex read(ByteBuffer bytes, PlainLayerLimits limits) throws IOException {
        return TarIndexCodec.read(bytes, limits);
    }

    public void writeTo(OutputStream out) throws IOException {
        out.write(toBytes());
    }

    @Override
    public byte[] toBytes() {
        return TarIndexCodec.toBytes(this);
    }

    @Override
    public String blobDigest() {
        return summary.blobDigest();
    }

    @Override
    public long blobSize() {
        return summary.blobSize();
    }

    public Compression compression() {
        return summary.compression();
    }

    /** Digest of the tar. */
    @Override
    public String diffId() {
        return summary.diffId();
    }

    /** Size of the tar, in bytes. */
    public long tarSize() {
        return summary.tarSize();
    }

    @Override
    public long deviceSize() {
        return summary.deviceSize();
    }

    /** Where decoding can begin, in their order: all of the blob, or nothing. */
    public List<StreamSpan> spans() {
        return spans;
    }

    @Override
    public String formatName() {
        return compression().formatName();
    }

    @Override
    public int spanCount() {
        return spans.size();
    }

    TarSummary summary() {
        return summary;
    }

    byte[] compressedHeaders() {
        return compressedHeaders;
    }

    long headersSize() {
        return headersSize;
    }

    @Override
    public LayerIndex toLayerIndex(String indexDigest) throws IOException {
        TarScanner scanner = new TarScanner(
                limits,
                (deviceOffset, bytes) -> {
                    throw new IllegalStateException("an index has no contents of files");
                },
                bytes -> {});
        scan(scanner);
        if (scanner.pieces().deviceSize() != deviceSize()) {
            throw new InvalidLayerException("index says that its files take " + deviceSize() + " bytes, they take "
                    + scanner.pieces().deviceSize());
        }
        return new LayerIndex(compression().formatName(), indexDigest, scanner.entries(), spanTable(scanner), 0);
    }

    private void scan(TarScanner scanner) throws IOException {
        try (ZstdInput headers = new ZstdInput(ByteBuffer.wrap(compressedHeaders), headersSize)) {
            byte[] buffer = new byte[64 << 10];
            while (scanner.position() < tarSize()) {
                scanner.skip(Math.min(scanner.skippable(), tarSize() - scanner.position()));
                int count =
                        (int) Math.min(Math.min(buffer.length, tarSize() - scanner.position()), scanner.metaWanted());
                scanner.accept(headers.read(buffer, count));
            }
            headers.finish();
        }
        scanner.finish();
    }

    private SpanTable spanTable(TarScanner scanner) throws InvalidLayerException {
        SpanTableBuilder builder = new SpanTableBuilder(blobSize());
        Pieces pieces = scanner.pieces();
        BitSet named = scanner.namedFiles();
        int next = 0;
        int added = -1;
        for (int piece = 0; piece < pieces.count() && !spans.isEmpty(); piece++) {
            long from = pieces.tarOffset(piece);
            long end = from + pieces.length(piece);
            long device = pieces.deviceOffset(piece);
            if (!named.get(pieces.file(piece))) {
                continue;
            }
            while (from < end) {
                StreamSpan span = spans.get(next);
                long spanEnd = span.decodedOffset() + span.decodedLength();
                if (spanEnd <= from) {
                    next++;
                    added = -1;
                    continue;
                }
                if (added < 0) {
                    added = builder.addSpan(
                            span.blobOffset(),
                            span.blobLength(),
                            summary.decoder(),
                            span.auxiliary(),
                            Optional.of(span.digest()));
                }
                long length = Math.min(end, spanEnd) - from;
                builder.addExtent(added, from - span.decodedOffset(), length, device, Optional.empty());
                from += length;
                device += length;
            }
        }
        return builder.build(deviceSize());
    }
}
