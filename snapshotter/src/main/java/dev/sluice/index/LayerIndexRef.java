package dev.sluice.index;

import static java.util.Objects.requireNonNull;

import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.ImageReference;

/**
 * Where the index of one layer is, and which one it is.
 *
 * @param repository that has the blob; tag and digest do not matter
 * @param layer digest of the layer's blob
 * @param diffId digest of the layer's tar; the same as in the image's config
 * @param index the blob with the index
 */
public record LayerIndexRef(ImageReference repository, Digest layer, Digest diffId, Descriptor index) {
    public LayerIndexRef {
        requireNonNull(repository, "repository is null");
        requireNonNull(layer, "layer is null");
        requireNonNull(diffId, "diffId is null");
        requireNonNull(index, "index is null");
    }
}
