package dev.sluice.mount;

import dev.sluice.layer.Blob;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.registry.Deadline;
import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.Fetched;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.Manifest;
import dev.sluice.registry.RegistryClient;
import dev.sluice.registry.RegistryException;
import dev.sluice.registry.RemoteBlob;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Makes blobs of a registry readable for layers.
 *
 * @param patiently whether a registry that is out of order is waited for: by readers of a mount, who have nothing else, but not by
 *     containerd, which can pull the layer as usual
 */
record RegistryBlobs(RegistryClient client, boolean patiently) implements LayerBuilder.BlobSource {
    private static final Duration MANIFEST_TIMEOUT = Duration.ofSeconds(10);

    @Override
    public Optional<List<Descriptor>> layers(ImageReference tagged) throws IOException {
        try {
            Fetched manifest = client.manifest(tagged, Deadline.after(MANIFEST_TIMEOUT));
            return Optional.of(
                    Manifest.parse(manifest.content(), manifest.descriptor().mediaType())
                            .layers());
        } catch (RegistryException.NotFound e) {
            return Optional.empty();
        }
    }

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
