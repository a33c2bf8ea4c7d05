package dev.sluice.index;

import static java.util.Objects.requireNonNull;

import dev.sluice.registry.Digest;
import java.util.Map;
import java.util.Optional;

/** What came of looking for the indexes of an image's layers. */
public sealed interface IndexSearch {
    /**
     * An artifact that the policy accepts.
     *
     * @param artifact digest of its manifest
     * @param layers by the digests of their blobs; all are layers of the image, but not every layer of the image needs to be there
     */
    record Found(Digest artifact, Map<Digest, LayerIndexRef> layers) implements IndexSearch {
        public Found {
            requireNonNull(artifact, "artifact is null");
            layers = Map.copyOf(layers);
        }

        /** The index of a layer, by the digest of its blob. */
        public Optional<LayerIndexRef> layer(Digest blob) {
            return Optional.ofNullable(layers.get(blob));
        }
    }

    /** @param reason one sentence for the log, without a full stop */
    record NotFound(String reason) implements IndexSearch {
        public NotFound {
            requireNonNull(reason, "reason is null");
        }
    }
}
