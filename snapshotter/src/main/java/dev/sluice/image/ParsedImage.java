package dev.sluice.image;

import static java.util.Objects.requireNonNull;

import dev.sluice.registry.Digest;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.Manifest;
import java.util.List;
import java.util.OptionalInt;

/**
 * A manifest with what its config says about the layers.
 *
 * @param diffIds one for each layer of the manifest
 * @param chainIds the same number
 * @param bytes size of the manifest
 */
record ParsedImage(Digest manifestDigest, Manifest manifest, List<Digest> diffIds, List<Digest> chainIds, int bytes) {
    ParsedImage {
        requireNonNull(manifestDigest, "manifestDigest is null");
        requireNonNull(manifest, "manifest is null");
        diffIds = List.copyOf(diffIds);
        chainIds = List.copyOf(chainIds);
    }

    /** @throws InvalidImageException if manifest and config have another number of layers, or none */
    static ParsedImage of(Digest digest, Manifest manifest, List<Digest> diffIds, int bytes)
            throws InvalidImageException {
        if (manifest.layers().isEmpty() || manifest.layers().size() != diffIds.size()) {
            throw new InvalidImageException("the manifest " + digest + " has "
                    + manifest.layers().size() + " layers, its config " + diffIds.size());
        }
        return new ParsedImage(digest, manifest, diffIds, ChainId.ofLayers(diffIds), bytes);
    }

    /** Which layer has this chain ID. */
    OptionalInt layerOf(Digest chainId) {
        int index = chainIds.indexOf(chainId);
        return index < 0 ? OptionalInt.empty() : OptionalInt.of(index);
    }

    ResolvedImage resolved(ImageReference reference, int layerIndex) {
        return new ResolvedImage(reference, manifest, manifestDigest, layerIndex, diffIds);
    }
}
