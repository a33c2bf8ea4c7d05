package dev.sluice.layer.erofs;

import dev.sluice.erofs.ErofsException;
import dev.sluice.erofs.ErofsReader;
import dev.sluice.layer.BlobIndex;
import dev.sluice.layer.Entry;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.SpanTable;
import dev.sluice.layer.SpanTableBuilder;
import dev.sluice.layer.StreamSpan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** What one pass over a layer that is an EROFS image found out about it. Immutable, safe for use by many threads. */
public final class ErofsIndex implements BlobIndex {
    private final ErofsSummary summary;
    private final List<StreamSpan> spans;
    private final byte[] metadata;
    private final ErofsLimits limits;

    /**
     * @param spans all of the blob, or nothing
     * @param metadata as {@link KeptMetadata} takes them; not to be changed
     */
    ErofsIndex(ErofsSummary summary, List<StreamSpan> spans, byte[] metadata, ErofsLimits limits) {
        this.summary = summary;
        this.spans = List.copyOf(spans);
        this.metadata = metadata;
        this.limits = limits;
    }

    /** Whether some bytes begin as those of an index of this kind. */
    public static boolean isOne(ByteBuffer bytes) {
        return ErofsIndexCodec.isOne(bytes);
    }

    /**
     * Reads what {@link #toBytes} gave, or a stranger.
     *
     * @param bytes from position to limit
     * @throws InvalidLayerException if it is no index, of another version, corrupt, or passes a limit
     */
    public static ErofsIndex read(ByteBuffer bytes, ErofsLimits limits) throws IOException {
        return ErofsIndexCodec.read(bytes, limits);
    }

    /** Name of the format of such layers. */
    public static String formatName(boolean zstd) {
        return zstd ? "erofs+zstd" : "erofs";
    }

    @Override
    public byte[] toBytes() {
        return ErofsIndexCodec.toBytes(this);
    }

    @Override
    public String blobDigest() {
        return summary.blobDigest();
    }

    @Override
    public long blobSize() {
        return summary.blobSize();
    }

    @Override
    public String diffId() {
        return summary.diffId();
    }

    @Override
    public long deviceSize() {
        return summary.deviceSize();
    }

    @Override
    public String formatName() {
        return formatName(summary.zstd());
    }

    @Override
    public int spanCount() {
        return spans.size();
    }

    ErofsSummary summary() {
        return summary;
    }

    List<StreamSpan> spans() {
        return spans;
    }

    byte[] metadata() {
        return metadata;
    }

    @Override
    public LayerIndex toLayerIndex(String indexDigest) throws IOException {
        try (ErofsReader reader = ErofsReader.of(KeptMetadata.of(metadata, summary.imageSize()))) {
            ImageFiles files = ImageFiles.read(reader, summary.imageSize(), limits);
            if (files.deviceSize() != deviceSize()) {
                throw new InvalidLayerException(
                        "index says that its files take " + deviceSize() + " bytes, they take " + files.deviceSize());
            }
            List<Entry> entries = ImageEntries.read(reader, files, limits);
            return new LayerIndex(formatName(), indexDigest, entries, spanTable(files.pieces()), 0);
        } catch (ErofsException e) {
            throw new InvalidLayerException("index is of an image that cannot be read: " + e.getMessage(), e);
        }
    }

    private SpanTable spanTable(List<ImageFiles.Piece> pieces) throws InvalidLayerException {
        SpanTableBuilder builder = new SpanTableBuilder(blobSize());
        int[] added = new int[spans.size()];
        Arrays.fill(added, -1);
        for (ImageFiles.Piece piece : pieces) {
            long from = piece.imageOffset();
            long end = from + piece.length();
            long device = piece.deviceOffset();
            for (int i = spans.isEmpty() ? 0 : spanAt(from); i < spans.size() && from < end; i++) {
                StreamSpan span = spans.get(i);
                long length = Math.min(end, span.decodedOffset() + span.decodedLength()) - from;
                if (length > 0) {
                    added[i] = added[i] >= 0 ? added[i] : add(builder, span);
                    builder.addExtent(added[i], from - span.decodedOffset(), length, device, Optional.empty());
                    from += length;
                    device += length;
                }
            }
        }
        return builder.build(deviceSize());
    }

    private int add(SpanTableBuilder builder, StreamSpan span) throws InvalidLayerException {
        return builder.addSpan(
                span.blobOffset(), span.blobLength(), summary.decoder(), span.auxiliary(), Optional.of(span.digest()));
    }

    /** The last span that begins at or before a byte of the image. */
    private int spanAt(long offset) {
        int low = 0;
        int high = spans.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (spans.get(middle).decodedOffset() <= offset) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }
}
