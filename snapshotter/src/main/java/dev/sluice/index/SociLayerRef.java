package dev.sluice.index;

import static java.util.Objects.requireNonNull;

import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.ImageReference;
import java.util.Optional;

/**
 * What a SOCI index has of one layer.
 *
 * @param repository that has the blobs; tag and digest do not matter
 * @param layer digest of the layer's blob
 * @param ztoc the blob with the ztoc
 * @param prefetch the blob that says what is wanted at start
 */
public record SociLayerRef(ImageReference repository, Digest layer, Descriptor ztoc, Optional<Descriptor> prefetch) {
    public SociLayerRef {
        requireNonNull(repository, "repository is null");
        requireNonNull(layer, "layer is null");
        requireNonNull(ztoc, "ztoc is null");
        requireNonNull(prefetch, "prefetch is null");
    }
}
