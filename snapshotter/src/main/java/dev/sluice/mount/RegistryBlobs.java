package dev.sluice.mount;

import dev.sluice.layer.Blob;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.RegistryClient;
import dev.sluice.registry.RemoteBlob;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;

/**
 * Makes blobs of a registry readable for layers.
 *
 * @param patiently whether a registry that is out of order is waited for: by readers of a mount, who have nothing else, but not by
 *     containerd, which can pull the layer as usual
 */
record RegistryBlobs(RegistryClient client, boolean patiently) implements LayerBuilder.BlobSource {
    @Override
    public Blob open(String reference, LayerDescriptor layer) {
        RemoteBlob opened = client.openBlob(
                ImageReference.parse(reference),
                new Descriptor(layer.mediaType(), Digest.parse(layer.digest()), layer.size()));
        RemoteBlob remote = patiently ? opened.patiently() : opened;
        return new Blob() {
            @Override
            public long size() {
                return remote.size();
            }

            @Override
            public ReadableByteChannel read(long offset, long length, Source source) throws IOException {
                return remote.read(offset, length, source == Source.OTHER);
            }
        };
    }
}
