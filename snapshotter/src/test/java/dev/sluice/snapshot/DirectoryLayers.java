package dev.sluice.snapshot;

import dev.sluice.mount.LazyLayers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/** Lazy layers that are plain directories, made before they are asked for. */
final class DirectoryLayers implements LazyLayers {
    /** A layer on which this program stumbles. */
    static final LayerKey DEFECT = new LayerKey("defect");

    private final Path root;
    private final Map<String, LayerKey> lazy = new ConcurrentHashMap<>();
    private final Map<LayerKey, Integer> references = new ConcurrentHashMap<>();
    private final Map<String, String> denials = new ConcurrentHashMap<>();
    private final Set<String> underWay = ConcurrentHashMap.newKeySet();
    private final Set<LayerKey> verified = ConcurrentHashMap.newKeySet();
    private final Map<String, Settlement> settlements = new ConcurrentHashMap<>();
    private final Map<String, LayerKey> fits = new ConcurrentHashMap<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicInteger cleanups = new AtomicInteger();

    DirectoryLayers(Path root) {
        this.root = root;
    }

    /** Says that a chain's top layer is lazy, with one file in it. */
    Path add(String chainId, LayerKey key, String file) throws IOException {
        Path directory = Files.createDirectories(root.resolve(key.value()));
        Files.writeString(directory.resolve(file), file);
        lazy.put(chainId, key);
        underWay.remove(chainId);
        return directory;
    }

    int references(LayerKey key) {
        return references.getOrDefault(key, 0);
    }

    Map<LayerKey, Integer> references() {
        return Map.copyOf(references);
    }

    List<Request> requests() {
        return new ArrayList<>(requests);
    }

    int cleanups() {
        return cleanups.get();
    }

    /** Says that a chain's top layer is being fetched, until {@link #add} or {@link #lose}. */
    void fetch(String chainId) {
        underWay.add(chainId);
    }

    /** Says that it cannot be fetched. */
    void lose(String chainId) {
        underWay.remove(chainId);
    }

    /** How many calls wait for layers that are being fetched. */
    int waiting() {
        return waiting.get();
    }

    @Override
    public Outcome finish(Request request, BooleanSupplier abandoned) {
        waiting.incrementAndGet();
        try {
            while (underWay.contains(request.chainId()) && !abandoned.getAsBoolean()) {
                Thread.onSpinWait();
            }
        } finally {
            waiting.decrementAndGet();
        }
        return acquire(request);
    }

    @Override
    public Outcome acquire(Request request) {
        requests.add(request);
        if (underWay.contains(request.chainId())) {
            return new Outcome.UnderWay("example.test/image:1");
        }
        LayerKey key = lazy.get(request.chainId());
        if (key == null) {
            return new Outcome.NotLazy("nobody made it so");
        }
        references.merge(key, 1, Integer::sum);
        return new Outcome.Lazy(key, "example.test/image:1");
    }

    /** Says that an image means another layer by a chain ID. */
    void deny(String namespace, String chainId, String reason) {
        denials.put(namespace + " " + chainId, reason);
    }

    /** Says that a layer's diff ID was verified. */
    void verify(LayerKey key) {
        verified.add(key);
    }

    /** Says what comes of finding out which layer of a chain is right. */
    void settle(String chainId, Settlement settlement) {
        settlements.put(chainId, settlement);
    }

    /** Says that a layer is called otherwise when it lies over a certain directory. */
    void fit(LayerKey key, Path below, LayerKey fitting) {
        fits.put(key.value() + " " + below, fitting);
    }

    @Override
    public Optional<Disagreement> disagreement(String namespace, Map<String, LayerKey> layers, Knowledge knowledge) {
        return layers.entrySet().stream()
                .filter(layer -> !verified.contains(layer.getValue()))
                .map(Map.Entry::getKey)
                .flatMap(chainId -> Optional.ofNullable(denials.get(namespace + " " + chainId))
                        .map(reason -> new Disagreement(chainId, List.of(), reason, "remove one"))
                        .stream())
                .findFirst();
    }

    @Override
    public Settlement settle(Request request, Disagreement disagreement, LayerKey disputed) {
        Settlement settlement =
                settlements.getOrDefault(disagreement.chainId(), new Settlement.Open("nobody has fetched it"));
        if (settlement instanceof Settlement.Agreed) {
            denials.remove(request.namespace() + " " + disagreement.chainId());
        }
        if (settlement instanceof Settlement.Right right) {
            references.merge(right.key(), 1, Integer::sum);
        }
        return settlement;
    }

    @Override
    public Settlement finishSettling(
            Request request, Disagreement disagreement, LayerKey disputed, BooleanSupplier abandoned) {
        waiting.incrementAndGet();
        try {
            while (settlements.get(disagreement.chainId()) instanceof Settlement.UnderWay
                    && !abandoned.getAsBoolean()) {
                Thread.onSpinWait();
            }
        } finally {
            waiting.decrementAndGet();
        }
        return settle(request, disagreement, disputed);
    }

    @Override
    public boolean isVerified(LayerKey layer) {
        return verified.contains(layer);
    }

    @Override
    public LayerKey refit(LayerKey layer, List<Path> lowerDirectories) {
        LayerKey fitting = lowerDirectories.stream()
                .map(below -> fits.get(layer.value() + " " + below))
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(layer);
        references.merge(fitting, 1, Integer::sum);
        return fitting;
    }

    @Override
    public Path directory(LayerKey key) throws IOException {
        Path directory = root.resolve(key.value());
        if (!Files.isDirectory(directory)) {
            throw new IOException("layer cannot be mounted: " + key.value());
        }
        return directory;
    }

    @Override
    public Usage usage(LayerKey key) {
        if (key.equals(DEFECT)) {
            throw new IllegalStateException("a defect");
        }
        return new Usage(4096, 2);
    }

    @Override
    public void release(LayerKey key) {
        references.merge(key, -1, (a, b) -> a + b == 0 ? null : a + b);
    }

    @Override
    public void restore(Map<LayerKey, Integer> restored) {
        references.putAll(restored);
    }

    @Override
    public void cleanup() {
        cleanups.incrementAndGet();
    }
}
