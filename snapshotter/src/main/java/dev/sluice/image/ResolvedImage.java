package dev.sluice.image;

import static java.util.Objects.requireNonNull;

import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.Manifest;
import java.util.List;
import java.util.Objects;

/**
 * An image, and one layer of it. The diff IDs are the claim of the image's config, which the manifest names by its digest; only
 * unpacking a layer proves them.
 *
 * @param reference names the repository that has the blobs; a tag or digest in it is what was asked for
 * @param manifest verified against its digest
 * @param layerIndex counts from the lowest layer, which is 0
 * @param diffIds one for each layer, from the lowest to the topmost
 */
public record ResolvedImage(
        ImageReference reference, Manifest manifest, Digest manifestDigest, int layerIndex, List<Digest> diffIds) {

    /**
     * @throws IndexOutOfBoundsException if there is no such layer
     * @throws IllegalArgumentException if the diff IDs are not as many as the layers
     */
    public ResolvedImage {
        requireNonNull(reference, "reference is null");
        requireNonNull(manifestDigest, "manifestDigest is null");
        diffIds = List.copyOf(diffIds);
        Objects.checkIndex(layerIndex, diffIds.size());
        if (manifest.layers().size() != diffIds.size()) {
            throw new IllegalArgumentException(
                    manifest.layers().size() + " layers but " + diffIds.size() + " diff IDs");
        }
    }

    /** The layer. */
    public Descriptor layer() {
        return manifest.layers().get(layerIndex);
    }

    /** The layer's chain ID. */
    public Digest chainId() {
        return ChainId.ofLayers(diffIds.subList(0, layerIndex + 1)).get(layerIndex);
    }

    /** Another layer of the same image. */
    public ResolvedImage atLayer(int index) {
        return new ResolvedImage(reference, manifest, manifestDigest, index, diffIds);
    }
}
