package dev.sluice.mount;

import dev.sluice.image.ResolvedImage;
import dev.sluice.layer.Blob;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerImage;
import dev.sluice.registry.ImageReference;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** An image in its repository, as its formats see it. */
record RepositoryImage(ResolvedImage image, LayerBuilder.BlobSource blobs) implements LayerImage {
    @Override
    public List<LayerDescriptor> layers() {
        return image.manifest().layers().stream().map(LayerBuilder::descriptor).toList();
    }

    @Override
    public Blob open(LayerDescriptor descriptor) {
        return blobs.open(image.reference().toString(), descriptor);
    }

    @Override
    public Optional<List<LayerDescriptor>> companion(String tagSuffix) throws IOException {
        ImageReference reference = image.reference();
        if (reference.tag().isEmpty()) {
            return Optional.empty();
        }
        ImageReference companion;
        try {
            companion = new ImageReference(
                    reference.host(),
                    reference.repository(),
                    Optional.of(reference.tag().get() + tagSuffix),
                    Optional.empty());
        } catch (IllegalArgumentException e) {
            // Too long for a tag: nobody can have pushed it.
            return Optional.empty();
        }
        return blobs.layers(companion)
                .map(layers -> layers.stream().map(LayerBuilder::descriptor).toList());
    }
}
