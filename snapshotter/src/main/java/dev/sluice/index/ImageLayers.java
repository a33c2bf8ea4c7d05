package dev.sluice.index;

import dev.sluice.image.ResolvedImage;
import dev.sluice.registry.Digest;

/** What an image says of the layers that an index is for. */
final class ImageLayers {
    private ImageLayers() {}

    /**
     * Checks that an image has a layer.
     *
     * @throws InvalidIndexException if the image has no such blob, or calls its tar something else wherever it has it
     */
    static void require(ResolvedImage image, Digest layer, Digest diffId) throws InvalidIndexException {
        boolean there = false;
        for (int i = 0; i < image.diffIds().size(); i++) {
            if (image.manifest().layers().get(i).digest().equals(layer)) {
                there = true;
                if (!image.diffIds().get(i).equals(diffId)) {
                    throw new InvalidIndexException("it is for the layer " + layer + " with the diff ID " + diffId
                            + ", in the image that is " + image.diffIds().get(i));
                }
            }
        }
        if (!there) {
            throw new InvalidIndexException("it is for the layer " + layer + ", which the image does not have");
        }
    }
}
