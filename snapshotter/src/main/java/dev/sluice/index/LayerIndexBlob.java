package dev.sluice.index;

import static java.util.Objects.requireNonNull;

import dev.sluice.registry.Digest;

/**
 * The index of one layer, to be published.
 *
 * @param layer digest of the layer's blob
 * @param diffId digest of the layer's tar
 * @param content of the index; not to be changed
 */
public record LayerIndexBlob(Digest layer, Digest diffId, byte[] content) {
    public LayerIndexBlob {
        requireNonNull(layer, "layer is null");
        requireNonNull(diffId, "diffId is null");
        requireNonNull(content, "content is null");
    }
}
