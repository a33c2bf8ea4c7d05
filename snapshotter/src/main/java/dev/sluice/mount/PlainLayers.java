package dev.sluice.mount;

import dev.sluice.image.ResolvedImage;
import dev.sluice.layer.Blob;
import dev.sluice.layer.BlobIndex;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerIndex;
import dev.sluice.registry.Digest;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Layers without a table of contents: fetched as a whole, by us, in the background of the call that wants them. Each is fetched once,
 * whoever asks. Safe for use by many threads.
 */
final class PlainLayers {
    private static final Logger log = LoggerFactory.getLogger(PlainLayers.class);

    private final LayerStore store;
    private final LayerReferences references;
    private final IndexStore indexes;
    private final Optional<PublishedIndexes> published;
    private final Optional<FirstPulls> publisher;
    private final LayerFetch fetch;
    private final Executor executor;

    /** Guarded by itself. */
    private final Map<LayerId, CompletableFuture<LayerId>> underWay = new HashMap<>();

    /** @param executor runs fetches, each of which blocks for as long as it takes; its threads bound how many are under way */
    PlainLayers(
            LayerStore store,
            LayerReferences references,
            IndexStore indexes,
            Optional<PublishedIndexes> published,
            Optional<FirstPulls> publisher,
            LayerFetch fetch,
            Executor executor) {
        this.published = published;
        this.publisher = publisher;
        this.store = store;
        this.references = references;
        this.indexes = indexes;
        this.fetch = fetch;
        this.executor = executor;
    }

    /**
     * Makes a layer lazy by an index, or begins to fetch it, or joins who did. Waits for an index of the network, but not for the layer.
     *
     * @param index of the layer in the image
     * @param source reference whose repository has the blob
     * @return empty if the layer is not a plain one. The layer is pinned for the caller, and not any more if the fetch fails.
     */
    Optional<LayerBuilder.Result> build(ResolvedImage image, int index, LayerDescriptor layer, String source, Blob blob)
            throws IOException {
        return build(image, index, layer, source, blob, true);
    }

    /** Like {@link #build}, but what comes of it is verified here: no index that somebody else has made is taken. */
    Optional<LayerBuilder.Result> verify(
            ResolvedImage image, int index, LayerDescriptor layer, String source, Blob blob) throws IOException {
        return build(image, index, layer, source, blob, false);
    }

    private Optional<LayerBuilder.Result> build(
            ResolvedImage image, int index, LayerDescriptor layer, String source, Blob blob, boolean usePublished)
            throws IOException {
        Optional<PlainType> type = PlainType.ofMediaType(layer.mediaType());
        if (type.isEmpty()) {
            return Optional.empty();
        }
        Digest diffId = image.diffIds().get(index);
        LayerId id = isErofs(layer)
                ? LayerId.ofPlainErofs(layer.digest(), diffId.toString())
                : LayerId.ofPlain(layer.digest(), diffId.toString());
        references.pin(id);
        if (store.find(id).isPresent() || createFromIndex(id, layer, diffId, source)) {
            return Optional.of(new LayerBuilder.Result.Built(id));
        }
        Optional<LayerId> indexed = usePublished ? createFromPublished(image, layer, diffId, source) : Optional.empty();
        if (indexed.isPresent()) {
            references.unpin(id);
            return Optional.of(new LayerBuilder.Result.Built(indexed.get()));
        }
        LayerFetch.Task task = new LayerFetch.Task(layer, type.get(), diffId, source, blob);
        CompletableFuture<LayerId> fetched = start(id, task).whenComplete((done, failure) -> {
            if (failure != null) {
                references.unpin(id);
            } else {
                publisher.ifPresent(pulls -> pulls.fetched(image));
            }
        });
        return Optional.of(new LayerBuilder.Result.UnderWay(id, fetched));
    }

    /** Makes a layer lazy that was fetched before. */
    private boolean createFromIndex(LayerId id, LayerDescriptor layer, Digest diffId, String source) {
        Optional<IndexStore.Kept> kept =
                indexes.find(layer, diffId).filter(found -> found.index().isLazy());
        if (kept.isEmpty()) {
            return false;
        }
        try {
            LayerIndex layerIndex = kept.get().index().toLayerIndex(kept.get().digest());
            store.create(
                    id,
                    directory ->
                            LayerBuilder.fill(directory, layer, layerIndex, source, Vouchers.verified(diffId), false));
            return true;
        } catch (IOException e) {
            log.warn("The index of layer {} is of no use, the layer is fetched: {}", layer.digest(), e.getMessage());
            return false;
        }
    }

    /** Makes a layer lazy by what somebody else has found out about it. It is pinned for the caller. */
    private Optional<LayerId> createFromPublished(
            ResolvedImage image, LayerDescriptor layer, Digest diffId, String source) {
        Optional<PublishedIndexes.Accepted> found =
                published.isPresent() ? published.get().find(image, layer, diffId) : Optional.empty();
        if (found.isEmpty()) {
            return Optional.empty();
        }
        PublishedIndexes.Accepted accepted = found.get();
        Vouchers vouchers = switch (accepted.voucher()) {
            case CONFIGURATION -> accepted.hasDiffId() ? Vouchers.verified(diffId) : Vouchers.REPOSITORY;
            case IMAGE -> Vouchers.image(image.manifestDigest());
            case REPOSITORY -> Vouchers.REPOSITORY;
        };
        LayerId id = LayerId.of(layer.digest(), accepted.digest());
        references.pin(id);
        try {
            if (store.find(id).isEmpty()) {
                LayerIndex layerIndex = accepted.read();
                store.create(id, directory -> LayerBuilder.fill(directory, layer, layerIndex, source, vouchers, false));
            }
            store.vouch(id, vouchers);
            return Optional.of(id);
        } catch (IOException e) {
            references.unpin(id);
            log.warn("The index of layer {} is of no use, the layer is fetched: {}", layer.digest(), e.getMessage());
            return Optional.empty();
        }
    }

    /** Whether an index says that it is of this layer. */
    static boolean isOf(BlobIndex index, LayerDescriptor layer, Digest diffId) {
        return index.formatName().startsWith("erofs") == isErofs(layer)
                && index.blobDigest().equals(layer.digest())
                && index.blobSize() == layer.size()
                && index.diffId().equals(diffId.toString());
    }

    /** The same bytes are another layer if they are taken for a tar than if they are taken for EROFS. */
    static boolean isErofs(LayerDescriptor layer) {
        return PlainType.ofMediaType(layer.mediaType())
                .filter(type -> type.content() == PlainType.Content.EROFS)
                .isPresent();
    }

    private CompletableFuture<LayerId> start(LayerId id, LayerFetch.Task task) {
        CompletableFuture<LayerId> mine = new CompletableFuture<>();
        synchronized (underWay) {
            CompletableFuture<LayerId> other = underWay.putIfAbsent(id, mine);
            if (other != null) {
                return other;
            }
        }
        executor.execute(() -> run(id, task, mine));
        return mine;
    }

    private void run(LayerId id, LayerFetch.Task task, CompletableFuture<LayerId> done) {
        Optional<Throwable> failure = Optional.empty();
        try {
            if (store.find(id).isEmpty()) {
                store.create(id, directory -> fetch.run(task, directory));
            }
        } catch (IOException | RuntimeException | Error e) {
            // Whatever it is, somebody waits for the outcome.
            log.warn("Layer {} of {} cannot be fetched: {}", task.layer().digest(), task.source(), e.toString());
            failure = Optional.of(e);
        }
        synchronized (underWay) {
            underWay.remove(id);
        }
        if (failure.isPresent()) {
            done.completeExceptionally(new CompletionException(failure.get()));
        } else {
            done.complete(id);
        }
    }
}
