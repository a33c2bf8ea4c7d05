package dev.sluice.daemon.metrics;

import dev.sluice.mount.LazyLayers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;

/** Counts what becomes of the layers that containerd asks for. Safe for use by many threads. */
public final class CountedLayers implements LazyLayers {
    private final LazyLayers layers;
    private final LongAdder lazy = new LongAdder();
    private final LongAdder underWay = new LongAdder();
    private final LongAdder notLazy = new LongAdder();

    /** @param layers are asked */
    public CountedLayers(LazyLayers layers) {
        this.layers = layers;
    }

    /**
     * Layers that containerd wanted prepared.
     *
     * @param lazy mounted at once
     * @param underWay fetched as a whole first
     * @param notLazy left to containerd
     */
    public record Prepared(long lazy, long underWay, long notLazy) {}

    /** The counts of now. */
    public Prepared prepared() {
        return new Prepared(lazy.sum(), underWay.sum(), notLazy.sum());
    }

    @Override
    public Outcome acquire(Request request) {
        Outcome outcome = layers.acquire(request);
        if (outcome instanceof Outcome.Lazy) {
            lazy.increment();
        } else if (outcome instanceof Outcome.UnderWay) {
            underWay.increment();
        } else {
            notLazy.increment();
        }
        return outcome;
    }

    @Override
    public Outcome finish(Request request, BooleanSupplier abandoned) {
        return layers.finish(request, abandoned);
    }

    @Override
    public Optional<Disagreement> disagreement(String namespace, Map<String, LayerKey> keys, Knowledge knowledge) {
        return layers.disagreement(namespace, keys, knowledge);
    }

    @Override
    public Settlement settle(Request request, Disagreement disagreement, LayerKey disputed) {
        return layers.settle(request, disagreement, disputed);
    }

    @Override
    public Settlement finishSettling(
            Request request, Disagreement disagreement, LayerKey disputed, BooleanSupplier abandoned) {
        return layers.finishSettling(request, disagreement, disputed, abandoned);
    }

    @Override
    public boolean isVerified(LayerKey key) {
        return layers.isVerified(key);
    }

    @Override
    public LayerKey refit(LayerKey key, List<Path> lowerDirectories) throws IOException {
        return layers.refit(key, lowerDirectories);
    }

    @Override
    public Path directory(LayerKey key) throws IOException {
        return layers.directory(key);
    }

    @Override
    public Usage usage(LayerKey key) throws IOException {
        return layers.usage(key);
    }

    @Override
    public void release(LayerKey key) {
        layers.release(key);
    }

    @Override
    public void restore(Map<LayerKey, Integer> references) {
        layers.restore(references);
    }

    @Override
    public void cleanup() throws IOException {
        layers.cleanup();
    }
}
