package dev.sluice.layer;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * All that a format read out of a layer.
 *
 * @param format name of the format
 * @param indexDigest {@code sha256:hex} of the table of contents that the manifest vouches for
 * @param entries no path twice, except that a directory which the layer does not name may be missing; a hard link comes after
 *     its target
 * @param spans how the data device is filled
 * @param prefetch what of the data device is wanted as soon as a container starts, the most urgent first; at most {@link #MAX_PREFETCH}
 *     ranges
 * @param blobs that the spans lie in, one behind the other as in {@link ConcatenatedBlob}; empty if it is the layer's own alone
 */
public record LayerIndex(
        String format,
        String indexDigest,
        List<Entry> entries,
        SpanTable spans,
        List<DeviceRange> prefetch,
        List<LayerDescriptor> blobs) {
    /** They are kept in {@code layer.json}. */
    public static final int MAX_PREFETCH = 1024;

    public LayerIndex {
        requireNonNull(format, "format is null");
        requireNonNull(indexDigest, "indexDigest is null");
        entries = List.copyOf(entries);
        requireNonNull(spans, "spans is null");
        prefetch = List.copyOf(prefetch);
        if (prefetch.size() > MAX_PREFETCH) {
            throw new IllegalArgumentException("too many ranges to prefetch: " + prefetch.size());
        }
        blobs = List.copyOf(blobs);
    }

    /** @param prefetch bytes at the start of the data device that are wanted as soon as a container starts; 0 if none */
    public LayerIndex(
            String format,
            String indexDigest,
            List<Entry> entries,
            SpanTable spans,
            long prefetch,
            List<LayerDescriptor> blobs) {
        this(
                format,
                indexDigest,
                entries,
                spans,
                prefetch == 0 ? List.of() : List.of(new DeviceRange(0, prefetch)),
                blobs);
    }

    /** Of a layer whose data are in its own blob. */
    public LayerIndex(String format, String indexDigest, List<Entry> entries, SpanTable spans, long prefetch) {
        this(format, indexDigest, entries, spans, prefetch, List.of());
    }
}
