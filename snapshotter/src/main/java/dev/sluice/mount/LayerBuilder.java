package dev.sluice.mount;

import dev.sluice.image.ResolvedImage;
import dev.sluice.layer.Blob;
import dev.sluice.layer.ConcatenatedBlob;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerFormat;
import dev.sluice.layer.LayerIndex;
import dev.sluice.registry.Descriptor;
import dev.sluice.registry.ImageReference;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Turns one layer of an image into a layer directory: reads its table of contents, writes what is needed to mount it. */
final class LayerBuilder {
    private final LayerStore store;
    private final LayerReferences references;
    private final List<LayerFormat> formats;
    private final BlobSource blobs;
    private final DiskCeiling ceiling;
    private final Optional<PlainLayers> plain;

    /** Where blobs come from. */
    interface BlobSource {
        /** Opens nothing yet: the network is asked at the first read. */
        Blob open(String reference, LayerDescriptor layer);

        /** The same for all that a layer's data are in. */
        default Blob openData(String reference, LayerRecord layer) {
            return layer.blobs().isEmpty()
                    ? open(reference, layer.layer())
                    : new ConcatenatedBlob(layer.blobs().stream()
                            .map(blob -> open(reference, blob))
                            .toList());
        }

        /**
         * The layers of the manifest that a tag points at. Blocks for a bounded time.
         *
         * @return empty if there is no such tag
         * @throws IOException if the registry cannot be asked, or the tag points at something else
         */
        default Optional<List<Descriptor>> layers(ImageReference tagged) throws IOException {
            return Optional.empty();
        }
    }

    /** What building a layer came to. */
    sealed interface Result {
        /** The layer's directory is there, and pinned for the caller. */
        record Built(LayerId id) implements Result {}

        /** The layer is being fetched as a whole, and pinned for the caller until that fails. */
        record UnderWay(LayerId id, CompletableFuture<LayerId> fetched) implements Result {}

        record NotLazy(String reason) implements Result {}
    }

    /** @param plain fetches layers of no other format; empty to leave these to containerd */
    LayerBuilder(
            LayerStore store,
            LayerReferences references,
            List<LayerFormat> formats,
            BlobSource blobs,
            DiskCeiling ceiling,
            Optional<PlainLayers> plain) {
        this.plain = plain;
        this.store = store;
        this.references = references;
        this.formats = List.copyOf(formats);
        this.blobs = blobs;
        this.ceiling = ceiling;
    }

    /**
     * Blocks on the network and the disk.
     *
     * @throws IOException if the registry cannot be read, or the layer is malformed
     */
    Result build(ResolvedImage image, int index) throws IOException {
        LayerDescriptor layer = descriptor(image.manifest().layers().get(index));
        String source = image.reference().toString();
        for (LayerFormat format : formats) {
            Optional<LayerId> known = format.indexDigest(layer).map(digest -> LayerId.of(layer.digest(), digest));
            if (known.isPresent() && pinIfPresent(known.get())) {
                return new Result.Built(known.get());
            }
        }
        Optional<String> full = ceiling.reached();
        if (full.isPresent()) {
            return new Result.NotLazy(full.get());
        }
        Blob blob = blobs.open(source, layer);
        List<String> reasons = new ArrayList<>();
        for (LayerFormat format : formats) {
            LayerFormat.Result result = format.read(layer, blob, new RepositoryImage(image, blobs));
            if (result instanceof LayerFormat.Result.Indexed indexed) {
                Vouchers vouchers = format.indexDigest(layer).isPresent()
                        ? Vouchers.ANNOTATION
                        : Vouchers.image(image.manifestDigest());
                return new Result.Built(create(layer, indexed.index(), source, vouchers));
            }
            reasons.add(((LayerFormat.Result.NotThisFormat) result).reason());
        }
        Optional<Result> whole =
                plain.isPresent() ? plain.get().build(image, index, layer, source, blob) : Optional.empty();
        return whole.orElseGet(() -> new Result.NotLazy(String.join("; ", reasons)));
    }

    /** Whether the image's manifest tells by itself which index it means, so that {@link #build} could find out no more. */
    boolean namesItsIndex(ResolvedImage image, int index) {
        LayerDescriptor layer = descriptor(image.manifest().layers().get(index));
        return formats.stream().anyMatch(format -> format.indexDigest(layer).isPresent());
    }

    /**
     * Fetches all of a layer, whatever its format, and makes one of it whose diff ID is verified. Blocks on the disk.
     *
     * @return not lazy if it is of a kind of which this can never be had
     */
    Result verify(ResolvedImage image, int index) throws IOException {
        LayerDescriptor layer = descriptor(image.manifest().layers().get(index));
        if (!formats.stream().allMatch(format -> format.isTar(layer))) {
            return new Result.NotLazy("its format cannot be verified by its diff ID");
        }
        if (plain.isEmpty()) {
            return new Result.NotLazy("layers are not fetched as a whole here, plain.fetch is false");
        }
        Optional<String> full = ceiling.reached();
        if (full.isPresent()) {
            return new Result.NotLazy(full.get());
        }
        String source = image.reference().toString();
        return plain.get()
                .verify(image, index, layer, source, blobs.open(source, layer))
                .orElseGet(() -> new Result.NotLazy("it is no tar that we can read, but " + layer.mediaType()));
    }

    private LayerId create(LayerDescriptor layer, LayerIndex index, String source, Vouchers vouchers)
            throws IOException {
        LayerId id = LayerId.of(layer.digest(), index.indexDigest());
        references.pin(id);
        try {
            if (store.find(id).isEmpty()) {
                store.create(id, directory -> fill(directory, layer, index, source, vouchers, false));
            }
            store.vouch(id, vouchers);
            return id;
        } catch (IOException | RuntimeException e) {
            references.unpin(id);
            throw e;
        }
    }

    private boolean pinIfPresent(LayerId id) throws IOException {
        references.pin(id);
        Optional<LayerDirectory> directory = store.find(id);
        if (directory.isEmpty()) {
            references.unpin(id);
            return false;
        }
        return true;
    }

    /**
     * Fills a layer's directory, but for its data.
     *
     * @param vouchers who stands for the index
     * @param whole whether its data are complete
     */
    static void fill(
            LayerDirectory directory,
            LayerDescriptor layer,
            LayerIndex index,
            String source,
            Vouchers vouchers,
            boolean whole)
            throws IOException {
        index.spans().writeTo(directory.spans());
        List<String> missing = MetadataImage.write(index, directory.metadata(Optional.empty()));
        directory.writeRecord(new LayerRecord(
                LayerRecord.MAGIC,
                LayerRecord.VERSION,
                index.format(),
                layer,
                index.indexDigest(),
                index.spans().deviceSize(),
                index.prefetch(),
                missing,
                List.of(source),
                vouchers,
                whole,
                index.blobs()));
    }

    static LayerDescriptor descriptor(Descriptor descriptor) {
        return new LayerDescriptor(
                descriptor.mediaType(), descriptor.digest().toString(), descriptor.size(), descriptor.annotations());
    }
}
