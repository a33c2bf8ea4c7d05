package dev.sluice.index;

import static java.util.Objects.requireNonNull;

import dev.sluice.registry.Digest;
import java.util.Map;
import java.util.Optional;

/** What came of looking for the indexes of an image's layers. */
public sealed interface IndexSearch {
    /** Who stands for what an index says. */
    enum Voucher {
        /** We: our configuration names the artifact, or the key that has signed it. */
        CONFIGURATION,
        /** The image, whose manifest names the artifact: right for this image, and for no other one that has the same layers. */
        IMAGE,
        /** Whoever may write to the repository. */
        REPOSITORY
    }

    /**
     * An artifact that the policy accepts.
     *
     * @param artifact digest of its manifest
     * @param voucher who stands for it
     * @param layers by the digests of their blobs; all are layers of the image, but not every layer of the image needs to be there
     */
    record Found(Digest artifact, Voucher voucher, Map<Digest, LayerIndexRef> layers) implements IndexSearch {
        public Found {
            requireNonNull(artifact, "artifact is null");
            requireNonNull(voucher, "voucher is null");
            layers = Map.copyOf(layers);
        }

        /** The index of a layer, by the digest of its blob. */
        public Optional<LayerIndexRef> layer(Digest blob) {
            return Optional.ofNullable(layers.get(blob));
        }
    }

    /**
     * A SOCI index that the policy accepts.
     *
     * @param artifact digest of its manifest
     * @param voucher who stands for it
     * @param layers by the digests of their blobs; not every layer of the image needs to be there, and others may
     */
    record FoundSoci(Digest artifact, Voucher voucher, Map<Digest, SociLayerRef> layers) implements IndexSearch {
        public FoundSoci {
            requireNonNull(artifact, "artifact is null");
            requireNonNull(voucher, "voucher is null");
            layers = Map.copyOf(layers);
        }
    }

    /** @param reason one sentence for the log, without a full stop */
    record NotFound(String reason) implements IndexSearch {
        public NotFound {
            requireNonNull(reason, "reason is null");
        }
    }
}
