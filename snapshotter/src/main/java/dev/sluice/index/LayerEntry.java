package dev.sluice.index;

import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;

/**
 * One line of an {@link IndexConfig}.
 *
 * @param layer digest of the layer's blob
 * @param diffId digest of the layer's tar
 * @param index digest of the blob with the index
 * @param size of that blob in bytes
 */
record LayerEntry(Digest layer, Digest diffId, Digest index, long size) {
    /** Of the blob with the index, without annotations. */
    Descriptor descriptor() {
        return new Descriptor(IndexArtifact.LAYER_TYPE, index, size);
    }
}
