package dev.sluice.image;

import dev.sluice.registry.Digest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Names a layer together with all layers below it, as the OCI image spec defines it ("Layer ChainID"): the lowest layer's is its
 * diff ID, any other's is the SHA-256 of the text {@code parent-chain-ID diff-ID}.
 */
public final class ChainId {
    private ChainId() {}

    /**
     * The chain IDs of all layers of an image.
     *
     * @param diffIds from the lowest layer to the topmost
     * @return in the same order, as many
     */
    public static List<Digest> ofLayers(List<Digest> diffIds) {
        List<Digest> chain = new ArrayList<>(diffIds.size());
        for (Digest diffId : diffIds) {
            chain.add(chain.isEmpty() ? diffId : ofLayer(chain.get(chain.size() - 1), diffId));
        }
        return List.copyOf(chain);
    }

    private static Digest ofLayer(Digest parent, Digest diffId) {
        return Digest.sha256((parent + " " + diffId).getBytes(StandardCharsets.US_ASCII));
    }
}
