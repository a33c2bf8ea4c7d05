package dev.sluice.mount;

import dev.sluice.image.ImageResolver;
import dev.sluice.image.Resolution;
import dev.sluice.image.ResolvedImage;
import dev.sluice.mount.LazyLayers.Outcome;
import dev.sluice.mount.LazyLayers.Request;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Makes layers lazy that are asked for: finds the images that have one, waits for its table of contents, has it mounted. Never fails:
 * what is in the way is the reason of the outcome. Safe for use by many threads; holds no lock.
 */
final class LayerAcquirer {
    private final ImageResolver resolver;
    private final ImagePreparations preparations;
    private final MountedLayers mounted;
    private final Duration timeout;

    /** @param timeout how long one layer may take that is not fetched as a whole */
    LayerAcquirer(ImageResolver resolver, ImagePreparations preparations, MountedLayers mounted, Duration timeout) {
        this.resolver = resolver;
        this.preparations = preparations;
        this.mounted = mounted;
        this.timeout = timeout;
    }

    /**
     * Asks the images that may have the layer, one after the other, until one has it.
     *
     * @param wait for a layer that is fetched as a whole
     */
    Outcome acquire(Request request, FetchWait wait) {
        long deadline = System.nanoTime() + timeout.toNanos();
        try {
            Resolution resolution = resolver.resolve(request.namespace(), request.labels(), request.chainId(), timeout);
            if (resolution instanceof Resolution.NotFound notFound) {
                return new Outcome.NotLazy(notFound.reason());
            }
            List<String> reasons = new ArrayList<>();
            for (ResolvedImage image : ((Resolution.Found) resolution).candidates()) {
                Outcome outcome = acquire(image, request.lowerDirectories(), deadline, wait);
                if (outcome instanceof Outcome.NotLazy notLazy) {
                    reasons.add(image.reference() + ": " + notLazy.reason());
                } else {
                    return outcome;
                }
            }
            return new Outcome.NotLazy(String.join("; ", reasons));
        } catch (IOException e) {
            return new Outcome.NotLazy(String.valueOf(e.getMessage()));
        }
    }

    /** Like {@link #acquire}, but asks all other images, too, if the one that is asked for cannot be had. */
    Outcome finish(Request request, FetchWait wait) {
        Outcome outcome = acquire(request, wait);
        if (outcome instanceof Outcome.NotLazy
                && ImageResolver.claimedReference(request.labels()).isPresent()) {
            // The image that it was begun for may be one that nobody can have; others may have the layer, too.
            Request anybody = new Request(request.namespace(), request.chainId(), Map.of(), request.lowerDirectories());
            Outcome other = acquire(anybody, wait);
            return other instanceof Outcome.NotLazy ? outcome : other;
        }
        return outcome;
    }

    /** Makes a layer of a known image lazy; see {@link LayerManager#acquire(ResolvedImage, List)}. */
    Outcome acquire(ResolvedImage image, List<Path> lowerDirectories, FetchWait wait) {
        return acquire(image, lowerDirectories, System.nanoTime() + timeout.toNanos(), wait);
    }

    private Outcome acquire(ResolvedImage image, List<Path> lowerDirectories, long deadline, FetchWait wait) {
        int index = image.layerIndex();
        try {
            LayerBuilder.Result result = preparations
                    .layer(image, index)
                    .get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            if (result instanceof LayerBuilder.Result.NotLazy notLazy) {
                preparations.forget(image, index);
                return new Outcome.NotLazy(notLazy.reason());
            }
            if (result instanceof LayerBuilder.Result.UnderWay underWay && !wait.isOver(underWay.fetched())) {
                return new Outcome.UnderWay(image.reference().toString());
            }
            LayerId id = result instanceof LayerBuilder.Result.UnderWay underWay
                    ? underWay.fetched().get()
                    : ((LayerBuilder.Result.Built) result).id();
            MountKey key = mounted.mount(id, image, lowerDirectories);
            preparations.forget(image, index);
            return new Outcome.Lazy(key.toLayerKey(), image.reference().toString());
        } catch (TimeoutException e) {
            return new Outcome.NotLazy("its table of contents was not here within " + timeout.toSeconds() + " s");
        } catch (ExecutionException e) {
            preparations.forget(image, index);
            return new Outcome.NotLazy(Failures.message(Failures.root(e)));
        } catch (IOException e) {
            preparations.forget(image, index);
            return new Outcome.NotLazy(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Outcome.NotLazy("interrupted while waiting for the layer's table of contents");
        }
    }
}
