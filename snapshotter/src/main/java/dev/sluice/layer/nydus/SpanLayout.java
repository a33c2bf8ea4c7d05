package dev.sluice.layer.nydus;

import dev.sluice.layer.Decoder;
import dev.sluice.layer.GzipSpanDecoder;
import dev.sluice.layer.IdentityDecoder;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.Lz4Decoder;
import dev.sluice.layer.SpanTable;
import dev.sluice.layer.SpanTableBuilder;
import dev.sluice.layer.ZstdDecoder;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Gives contents their places on the data device, in the order of their first chunks, and tells how each chunk comes there: one span for
 * every chunk, or for every context of a gzip layer.
 */
final class SpanLayout {
    private static final int BLOCK = 4096;
    private static final byte[] NOTHING = {};

    private final Bootstrap bootstrap;
    private final BlobSpace space;
    private final SpanTableBuilder builder;
    private final Map<Integer, Integer> spanOfChunk = new HashMap<>();
    private final Map<ContextKey, Integer> spanOfContext = new HashMap<>();
    private long deviceEnd;

    private record ContextKey(int blob, int context) {}

    private SpanLayout(Bootstrap bootstrap, BlobSpace space) {
        this.bootstrap = bootstrap;
        this.space = space;
        builder = new SpanTableBuilder(space.size());
    }

    /**
     * What the layout is.
     *
     * @param deviceOffsets by number of content; meaningless where none was wanted
     */
    record Result(SpanTable spans, long[] deviceOffsets) {}

    /**
     * Lays out.
     *
     * @param wanted numbers of the contents that files have
     * @throws InvalidLayerException if a span or the device would break a rule
     */
    static Result of(Bootstrap bootstrap, BlobSpace space, List<Contents.Content> contents, BitSet wanted)
            throws InvalidLayerException {
        SpanLayout layout = new SpanLayout(bootstrap, space);
        long[] offsets = new long[contents.size()];
        int[] order = IntStream.range(0, contents.size())
                .filter(wanted::get)
                .boxed()
                .sorted(Comparator.comparingInt(i -> contents.get(i).firstChunk()))
                .mapToInt(Integer::intValue)
                .toArray();
        for (int i : order) {
            offsets[i] = layout.deviceEnd;
            layout.add(contents.get(i));
        }
        return new Result(layout.builder.build(layout.deviceEnd), offsets);
    }

    private void add(Contents.Content content) throws InvalidLayerException {
        long at = deviceEnd;
        for (int piece : content.pieces()) {
            if (piece < 0) {
                at += -(long) piece * BLOCK;
            } else {
                addChunk(piece, at);
                at += bootstrap.chunks().length(piece);
            }
        }
        long end = deviceEnd + content.size();
        if (end < 0 || end > Long.MAX_VALUE - BLOCK) {
            throw new InvalidLayerException("its files are too large: " + content.size() + " bytes at " + deviceEnd);
        }
        deviceEnd = (end + BLOCK - 1) / BLOCK * BLOCK;
    }

    private void addChunk(int chunk, long deviceOffset) throws InvalidLayerException {
        ChunkTable chunks = bootstrap.chunks();
        int blob = chunks.blob(chunk);
        BlobEntry entry = bootstrap.blobs().get(blob);
        int span;
        long spanOffset = 0;
        Optional<ZranTable> zran = space.zran(blob);
        if (zran.isPresent()) {
            ZranTable.Place place = zran.get().place(chunks.index(chunk), chunks.offset(chunk));
            span = contextSpan(blob, zran.get(), place.context());
            spanOffset = place.offset();
        } else {
            span = chunkSpan(chunk, blob, entry);
        }
        builder.addExtent(span, spanOffset, chunks.length(chunk), deviceOffset, chunks.digest(chunk, entry.digests()));
    }

    private int contextSpan(int blob, ZranTable zran, int number) throws InvalidLayerException {
        ContextKey key = new ContextKey(blob, number);
        Integer known = spanOfContext.get(key);
        if (known != null) {
            return known;
        }
        ZranTable.Context context = zran.context(number);
        int span = builder.addSpan(
                space.offset(blob, context.offset(), context.length()),
                context.length(),
                GzipSpanDecoder.ID,
                context.restart().toAuxiliary(),
                Optional.empty());
        spanOfContext.put(key, span);
        return span;
    }

    private int chunkSpan(int chunk, int blob, BlobEntry entry) throws InvalidLayerException {
        Integer known = spanOfChunk.get(chunk);
        if (known != null) {
            return known;
        }
        ChunkTable chunks = bootstrap.chunks();
        long length = Integer.toUnsignedLong(chunks.compressedLength(chunk));
        int decoder = decoder(chunks.isCompressed(chunk), entry);
        if (decoder == IdentityDecoder.ID && length != chunks.length(chunk)) {
            throw new InvalidLayerException(
                    "a chunk that is not compressed has " + length + " bytes instead of " + chunks.length(chunk));
        }
        long offset = space.offset(blob, chunks.compressedOffset(chunk), length);
        int span = builder.addSpan(offset, length, decoder, NOTHING, Optional.empty());
        spanOfChunk.put(chunk, span);
        return span;
    }

    /** {@link Decoder#id} of a chunk's. */
    private static int decoder(boolean isCompressed, BlobEntry entry) throws InvalidLayerException {
        if (!isCompressed) {
            return IdentityDecoder.ID;
        }
        return switch (entry.compression()) {
            case NONE -> throw new InvalidLayerException("a chunk is compressed in a blob whose chunks are not");
            case LZ4_BLOCK -> Lz4Decoder.ID;
            case ZSTD -> ZstdDecoder.ID;
            case GZIP ->
                throw new InvalidLayerException(
                        "chunks of blob " + entry.id() + " are gzip members, which is not supported");
        };
    }
}
