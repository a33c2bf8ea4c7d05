package dev.sluice.layer.estargz;

import dev.sluice.layer.Blob;
import dev.sluice.layer.BytesBlob;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerImage;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An image beside which there is one with the table of contents of a layer. */
final class Companion implements LayerImage {
    private final LayerDescriptor descriptor;
    private final BytesBlob toc;

    /** @param layer whose table of contents it is */
    Companion(String layer, byte[] toc) {
        descriptor = new LayerDescriptor(
                "application/vnd.oci.image.layer.v1.tar+gzip",
                EstargzBuilder.sha256(toc),
                toc.length,
                Map.of("containerd.io/snapshot/stargz/layer.digest", layer));
        this.toc = new BytesBlob(toc);
    }

    @Override
    public List<LayerDescriptor> layers() {
        return List.of();
    }

    @Override
    public Blob open(LayerDescriptor asked) {
        if (!asked.equals(descriptor)) {
            throw new AssertionError("asks for " + asked.digest());
        }
        return toc;
    }

    @Override
    public Optional<List<LayerDescriptor>> companion(String tagSuffix) {
        return tagSuffix.equals("-esgztoc") ? Optional.of(List.of(descriptor)) : Optional.empty();
    }
}
