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
 * @param prefetch bytes at the start of the data device that are wanted as soon as a container starts; 0 if none
 */
public record LayerIndex(String format, String indexDigest, List<Entry> entries, SpanTable spans, long prefetch) {
    public LayerIndex {
        requireNonNull(format, "format is null");
        requireNonNull(indexDigest, "indexDigest is null");
        entries = List.copyOf(entries);
        requireNonNull(spans, "spans is null");
    }
}
