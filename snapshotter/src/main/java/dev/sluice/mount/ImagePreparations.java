package dev.sluice.mount;

import dev.sluice.image.ResolvedImage;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;

/**
 * Layers of images whose pull is under way. The first layer that containerd asks for starts them all, in parallel; the following
 * requests only pick up what is ready. What is made here stays pinned for {@link #LIFETIME}, the time between the first and the
 * last request of one pull. Safe for use by many threads.
 */
final class ImagePreparations {
    static final Duration LIFETIME = Duration.ofMinutes(10);

    private final LayerBuilder builder;
    private final LayerReferences references;
    private final Executor executor;
    private final InstantSource clock;
    private final Map<Image, Preparation> preparations = new HashMap<>();

    private record Image(String reference, String manifestDigest) {}

    private record Preparation(long expiresMillis, Map<Integer, CompletableFuture<LayerBuilder.Result>> layers) {}

    ImagePreparations(LayerBuilder builder, LayerReferences references, Executor executor, InstantSource clock) {
        this.builder = builder;
        this.references = references;
        this.executor = executor;
        this.clock = clock;
    }

    /** The image's layer at {@code index}; started, with all that lie above it, if it is not under way. */
    CompletableFuture<LayerBuilder.Result> layer(ResolvedImage image, int index) {
        dropExpired();
        Image key = key(image);
        List<Runnable> starts = new ArrayList<>();
        CompletableFuture<LayerBuilder.Result> result;
        synchronized (preparations) {
            Preparation preparation =
                    preparations.computeIfAbsent(key, k -> new Preparation(expiry(), new HashMap<>()));
            result = start(preparation, image, index, starts);
            for (int i = index + 1; i < image.manifest().layers().size(); i++) {
                var unused = start(preparation, image, i, starts);
            }
        }
        starts.forEach(executor::execute);
        return result;
    }

    private CompletableFuture<LayerBuilder.Result> start(
            Preparation preparation, ResolvedImage image, int index, List<Runnable> starts) {
        return preparation.layers.computeIfAbsent(index, layer -> {
            CompletableFuture<LayerBuilder.Result> future = new CompletableFuture<>();
            starts.add(() -> build(image, layer, future));
            return future;
        });
    }

    /** Lets a layer be built anew by the next request: it failed, or its directory is gone. */
    void forget(ResolvedImage image, int index) {
        CompletableFuture<LayerBuilder.Result> forgotten;
        synchronized (preparations) {
            Preparation preparation = preparations.get(key(image));
            if (preparation == null) {
                return;
            }
            forgotten = preparation.layers.remove(index);
        }
        if (forgotten != null) {
            unpinWhenBuilt(forgotten);
        }
    }

    /** Drops the pins of pulls that have ended long ago. */
    void dropExpired() {
        List<Preparation> expired = new ArrayList<>();
        synchronized (preparations) {
            preparations.replaceAll((image, preparation) ->
                    isUnderWay(preparation) ? new Preparation(expiry(), preparation.layers) : preparation);
            preparations.values().removeIf(preparation -> {
                boolean over = preparation.expiresMillis <= clock.millis();
                if (over) {
                    expired.add(preparation);
                }
                return over;
            });
        }
        for (Preparation preparation : expired) {
            preparation.layers.values().forEach(this::unpinWhenBuilt);
        }
    }

    private long expiry() {
        return clock.millis() + LIFETIME.toMillis();
    }

    /** Whether something of it is being fetched as a whole, which takes as long as it takes. */
    private static boolean isUnderWay(Preparation preparation) {
        return preparation.layers.values().stream()
                .filter(layer -> layer.isDone() && !layer.isCompletedExceptionally())
                .map(CompletableFuture::join)
                .anyMatch(result -> result instanceof LayerBuilder.Result.UnderWay underWay
                        && !underWay.fetched().isDone());
    }

    private void build(ResolvedImage image, int index, CompletableFuture<LayerBuilder.Result> future) {
        try {
            future.complete(builder.build(image, index));
        } catch (IOException | RuntimeException e) {
            future.completeExceptionally(new CompletionException(e));
        }
    }

    private void unpinWhenBuilt(CompletableFuture<LayerBuilder.Result> layer) {
        var unused = layer.thenCompose(ImagePreparations::pinned).thenAccept(id -> id.ifPresent(references::unpin));
    }

    /** What a result has pinned in the end. */
    private static CompletableFuture<Optional<LayerId>> pinned(LayerBuilder.Result result) {
        if (result instanceof LayerBuilder.Result.UnderWay underWay) {
            return underWay.fetched().thenApply(Optional::of);
        }
        return CompletableFuture.completedFuture(
                result instanceof LayerBuilder.Result.Built built ? Optional.of(built.id()) : Optional.empty());
    }

    private static Image key(ResolvedImage image) {
        return new Image(image.reference().toString(), image.manifestDigest().toString());
    }
}
