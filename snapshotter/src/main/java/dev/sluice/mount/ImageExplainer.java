package dev.sluice.mount;

import dev.sluice.image.ResolvedImage;
import dev.sluice.layer.Blob;
import dev.sluice.layer.BlobIndex;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerFormat;
import dev.sluice.layer.SpanTable;
import dev.sluice.layer.soci.SociLayer;
import dev.sluice.registry.Digest;
import dev.sluice.registry.RegistryClient;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** Says what a pull of an image would come to on this node, layer by layer, without pulling it. Safe for use by many threads. */
public final class ImageExplainer {
    private static final String UNKNOWN = "unknown";
    private static final String WITH_AN_INDEX = "`sluice index push` makes it lazy on other nodes";

    private final List<LayerFormat> formats;
    private final PlainSettings settings;
    private final LayerBuilder.BlobSource blobs;
    private final IndexStore indexes;

    private ImageExplainer(
            List<LayerFormat> formats, PlainSettings settings, LayerBuilder.BlobSource blobs, IndexStore indexes) {
        this.formats = List.copyOf(formats);
        this.settings = settings;
        this.blobs = blobs;
        this.indexes = indexes;
    }

    /** @param root directory of everything that Sluice keeps */
    public static ImageExplainer open(
            Path root, List<LayerFormat> formats, PlainSettings settings, RegistryClient registry) throws IOException {
        return new ImageExplainer(
                formats,
                settings,
                new RegistryBlobs(registry, false),
                IndexStore.open(IndexStore.below(root), settings.limits(), settings.indexBytes()));
    }

    /** The lowest layer first. Reads tables of contents and indexes; a layer that cannot be read is explained by that. */
    public List<LayerExplanation> explain(ResolvedImage image) {
        List<LayerExplanation> layers = new ArrayList<>();
        for (int i = 0; i < image.diffIds().size(); i++) {
            LayerDescriptor layer =
                    LayerBuilder.descriptor(image.manifest().layers().get(i));
            try {
                layers.add(explain(image, i, layer));
            } catch (IOException e) {
                layers.add(whole(layer, UNKNOWN, "it cannot be read: " + e.getMessage(), Optional.empty()));
            }
        }
        return layers;
    }

    private LayerExplanation explain(ResolvedImage image, int index, LayerDescriptor layer) throws IOException {
        List<String> reasons = new ArrayList<>();
        for (LayerFormat format : formats) {
            Counted blob = new Counted(blobs.open(image.reference().toString(), layer), new AtomicLong());
            LayerFormat.Result result = format.read(layer, blob, new RepositoryImage(image, blobs));
            if (result instanceof LayerFormat.Result.Indexed indexed) {
                return lazy(
                        layer,
                        format.name(),
                        "the manifest vouches for its table of contents",
                        blob.read().get(),
                        indexed.index().spans());
            }
            reasons.add(((LayerFormat.Result.NotThisFormat) result).reason());
        }
        Optional<PlainType> type = PlainType.ofMediaType(layer.mediaType());
        if (type.isEmpty()) {
            return whole(
                    layer,
                    UNKNOWN,
                    "containerd pulls it, and all layers above it: " + String.join("; ", reasons),
                    Optional.of("build the image with layers of tar, gzip or zstd"));
        }
        return plain(image, index, layer, type.get());
    }

    private LayerExplanation plain(ResolvedImage image, int index, LayerDescriptor layer, PlainType type)
            throws IOException {
        Digest diffId = image.diffIds().get(index);
        Optional<IndexStore.Kept> kept = indexes.find(layer, diffId);
        if (kept.isPresent()) {
            return indexed(layer, kept.get().index(), "this node has read it before and keeps its index", 0);
        }
        Optional<PublishedIndexes.Accepted> published = settings.published().isPresent()
                ? new PublishedIndexes(
                                settings.published().get(),
                                settings.limits(),
                                settings.patience().plusSeconds(10))
                        .find(image, layer, diffId)
                : Optional.empty();
        if (published.isPresent()) {
            try {
                return published(layer, published.get());
            } catch (IOException e) {
                return whole(
                        layer,
                        published.get().format(),
                        "an index is published that is of no use: " + e.getMessage(),
                        Optional.of(WITH_AN_INDEX));
            }
        }
        return whole(
                layer,
                type.formatName(),
                settings.fetch()
                        ? "it has no table of contents, so Sluice fetches it as a whole once, and it is lazy from then on"
                        : "it has no table of contents, and plain.fetch is off, so containerd pulls it",
                Optional.of(WITH_AN_INDEX));
    }

    private static LayerExplanation published(LayerDescriptor layer, PublishedIndexes.Accepted index)
            throws IOException {
        String whose = index.format().equals(SociLayer.FORMAT) ? "a SOCI index" : "an index";
        return lazy(
                layer,
                index.format(),
                whose + " is published that the policy accepts",
                index.size(),
                index.read().spans());
    }

    private static LayerExplanation indexed(LayerDescriptor layer, BlobIndex index, String reason, long pullBytes)
            throws IOException {
        if (!index.isLazy()) {
            return whole(
                    layer,
                    index.formatName(),
                    "it is one piece that can only be decoded as a whole",
                    Optional.of(
                            !index.formatName().startsWith("erofs")
                                    ? "compress it with gzip, or with zstd in frames of a few MiB"
                                    : "do not compress it"));
        }
        SpanTable spans = index.toLayerIndex("sha256:" + "0".repeat(64)).spans();
        return lazy(layer, index.formatName(), reason, pullBytes, spans);
    }

    private static LayerExplanation lazy(
            LayerDescriptor layer, String format, String reason, long pullBytes, SpanTable spans) {
        long compressed = 0;
        for (int span = 0; span < spans.spanCount(); span++) {
            compressed += spans.spanBlobLength(span);
        }
        return new LayerExplanation(
                layer.digest(),
                layer.mediaType(),
                layer.size(),
                format,
                true,
                reason,
                pullBytes,
                spans.spanCount() == 0 ? 0 : compressed / spans.spanCount(),
                Optional.empty());
    }

    private static LayerExplanation whole(
            LayerDescriptor layer, String format, String reason, Optional<String> advice) {
        return new LayerExplanation(
                layer.digest(), layer.mediaType(), layer.size(), format, false, reason, layer.size(), 0, advice);
    }

    private record Counted(Blob blob, AtomicLong read) implements Blob {
        @Override
        public long size() {
            return blob.size();
        }

        @Override
        public ReadableByteChannel read(long offset, long length, Source source) throws IOException {
            read.addAndGet(length);
            return blob.read(offset, length, source);
        }
    }
}
