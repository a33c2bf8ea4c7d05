package dev.sluice.image;

import static java.util.Objects.requireNonNull;

import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;

/**
 * That a layer has a certain chain ID, by the word of one image. Only unpacking the layer proves it.
 *
 * @param manifestDigest of the image
 * @param chainId {@code sha256:hex}
 * @param layer as the manifest describes it
 * @param diffId as the config has it; part of the chain ID
 */
public record LayerClaim(Digest manifestDigest, String chainId, Descriptor layer, Digest diffId) {
    public LayerClaim {
        requireNonNull(manifestDigest, "manifestDigest is null");
        requireNonNull(chainId, "chainId is null");
        requireNonNull(layer, "layer is null");
        requireNonNull(diffId, "diffId is null");
    }
}
