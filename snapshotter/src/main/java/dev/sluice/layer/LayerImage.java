package dev.sluice.layer;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * The image around a layer, for formats that keep what they know of a layer elsewhere: in another layer, or in another blob of the
 * repository. Nothing is fetched before it is asked for. Safe for use by many threads.
 */
public interface LayerImage {
    /** All layers of the image's manifest, the lowest first. */
    List<LayerDescriptor> layers();

    /**
     * The bytes of a blob in the image's repository.
     *
     * @param descriptor of a layer, or of anything else that is vouched for
     */
    Blob open(LayerDescriptor descriptor);

    /**
     * The layers of another image of the repository, one whose tag is this image's with something behind it. Nobody vouches for them:
     * such an image may be another one tomorrow. Blocks for a bounded time.
     *
     * @return empty if there is no such image, or this one was not asked for by a tag
     * @throws IOException if the registry cannot be asked, or has something else under that tag
     */
    default Optional<List<LayerDescriptor>> companion(String tagSuffix) throws IOException {
        return Optional.empty();
    }
}
