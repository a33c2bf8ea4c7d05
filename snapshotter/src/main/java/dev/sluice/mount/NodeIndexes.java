package dev.sluice.mount;

import dev.sluice.image.ResolvedImage;
import dev.sluice.index.LayerIndexBlob;
import dev.sluice.layer.Blob;
import dev.sluice.layer.BlobIndex;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.RegistryClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The indexes of plain layers that were made on this node, for whoever wants to publish them; makes those that are missing. Works beside a
 * running daemon. Safe for use by many threads.
 */
public final class NodeIndexes implements AutoCloseable {
    private final IndexStore store;
    private final PlainSettings settings;
    private final LayerBuilder.BlobSource blobs;
    private final Fetches fetches = new Fetches(1);

    private NodeIndexes(IndexStore store, PlainSettings settings, LayerBuilder.BlobSource blobs) {
        this.store = store;
        this.settings = settings;
        this.blobs = blobs;
    }

    /** @param root directory of everything that Sluice keeps; made if it is not there */
    public static NodeIndexes open(Path root, PlainSettings settings, RegistryClient registry) throws IOException {
        return new NodeIndexes(
                IndexStore.open(IndexStore.below(root), settings.limits(), settings.indexBytes()),
                settings,
                new RegistryBlobs(registry, true));
    }

    /**
     * What a layer's index is.
     *
     * @param made whether it was not there, so that all of the layer was fetched
     * @param spans from how many places the layer can be decoded; 0 if only as a whole
     */
    public record Indexed(LayerIndexBlob blob, boolean made, int spans) {}

    /**
     * The index of an image's layer; fetches all of the layer if it is not here.
     *
     * @return empty if the layer is not a plain one
     */
    public Optional<Indexed> get(ResolvedImage image, int layer) throws IOException {
        LayerDescriptor descriptor =
                LayerBuilder.descriptor(image.manifest().layers().get(layer));
        Optional<PlainType> type = PlainType.ofMediaType(descriptor.mediaType());
        if (type.isEmpty()) {
            return Optional.empty();
        }
        Digest diffId = image.diffIds().get(layer);
        Optional<IndexStore.Kept> here = store.find(descriptor, diffId);
        if (here.isPresent()) {
            return Optional.of(indexed(here.get().index(), here.get().bytes(), false));
        }
        String source = image.reference().toString();
        LayerFetch.Task task =
                new LayerFetch.Task(descriptor, type.get(), diffId, source, blobs.open(source, descriptor));
        BlobIndex index = new BlobPass(settings, fetches.transfers())
                .pass(task, Blob.Source.ANY, store.directory(), (deviceOffset, bytes) -> bytes.position(bytes.limit()));
        store.put(index);
        return Optional.of(indexed(index, index.toBytes(), true));
    }

    private static Indexed indexed(BlobIndex index, byte[] bytes, boolean made) {
        LayerIndexBlob blob = new LayerIndexBlob(Digest.parse(index.blobDigest()), Digest.parse(index.diffId()), bytes);
        return new Indexed(blob, made, index.spanCount());
    }

    @Override
    public void close() {
        fetches.close();
    }
}
