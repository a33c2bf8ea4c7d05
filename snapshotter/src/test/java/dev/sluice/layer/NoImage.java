package dev.sluice.layer;

import java.util.List;

/** For formats that have to find all in the layer itself. */
public final class NoImage implements LayerImage {
    @Override
    public List<LayerDescriptor> layers() {
        return List.of();
    }

    @Override
    public Blob open(LayerDescriptor descriptor) {
        throw new AssertionError("asks for " + descriptor.digest());
    }
}
