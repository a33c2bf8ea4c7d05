package dev.sluice.snapshot;

import static dev.sluice.snapshot.SnapshotException.failedPrecondition;

import dev.sluice.mount.LazyLayers;
import dev.sluice.mount.LazyLayers.Disagreement;
import dev.sluice.mount.LazyLayers.Knowledge;
import dev.sluice.mount.LazyLayers.LayerKey;
import dev.sluice.mount.LazyLayers.Request;
import dev.sluice.mount.LazyLayers.Settlement;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lazy layers that images disagree on. containerd finds committed snapshots by the diff IDs that an image claims, and verifies these only when
 * it unpacks. So a lazy layer is used only as long as all images that claim its diff IDs mean this layer by them, or when it was found out
 * which layer has them. Safe for use by many threads.
 */
final class Disputes {
    private static final Logger log = LoggerFactory.getLogger(Disputes.class);

    /** What changes while it is looked at is looked at again. */
    private static final int ATTEMPTS = 4;

    private final SnapshotStore store;
    private final OverlayMounts mounts;
    private final LazyLayers layers;
    private final Clock clock;

    /** Finds out which layer is right, and waits for that or not. */
    interface Settling {
        Settlement settle(Request request, Disagreement disagreement, LayerKey disputed);
    }

    Disputes(SnapshotStore store, OverlayMounts mounts, LazyLayers layers, Clock clock) {
        this.store = store;
        this.mounts = mounts;
        this.layers = layers;
        this.clock = clock;
    }

    /**
     * Makes sure that nobody gets a layer that is in dispute.
     *
     * @param namespace of the client
     * @param chain the topmost first; no layer of it is under way
     * @return the chain with layers that are right
     * @throws SnapshotException FAILED_PRECONDITION if that is not known of all
     */
    List<Snapshot> settle(String namespace, List<Snapshot> chain, Knowledge knowledge, Settling settling)
            throws SnapshotException, IOException {
        List<Snapshot> current = chain;
        Knowledge enough = knowledge;
        for (int round = 0; round < chain.size() + ATTEMPTS; round++) {
            Map<String, Snapshot> lazy = lazy(current);
            Map<String, LayerKey> keys = new LinkedHashMap<>();
            lazy.forEach((chainId, snapshot) ->
                    keys.put(chainId, snapshot.knownLayer().orElseThrow()));
            Optional<Disagreement> disagreement =
                    keys.isEmpty() ? Optional.empty() : layers.disagreement(namespace, keys, enough);
            if (disagreement.isEmpty()) {
                return current;
            }
            Snapshot disputed = lazy.get(disagreement.get().chainId());
            if (disputed == null) {
                throw refusal(disagreement.get(), "nobody knows the layer");
            }
            settle(namespace, disputed, disagreement.get(), settling);
            current = refreshed(current);
            enough = Knowledge.FRESH;
        }
        throw failedPrecondition("images and layers change too fast to be compared, try again");
    }

    /** By chain ID, the lowest first: it may change how those above look. */
    private static Map<String, Snapshot> lazy(List<Snapshot> chain) {
        Map<String, Snapshot> lazy = new LinkedHashMap<>();
        for (int i = chain.size() - 1; i >= 0; i--) {
            Snapshot snapshot = chain.get(i);
            Optional<String> chainId = Optional.ofNullable(snapshot.labels().get(Labels.REFERENCE));
            if (snapshot.knownLayer().isPresent() && chainId.isPresent()) {
                lazy.put(chainId.get(), snapshot);
            }
        }
        return lazy;
    }

    private List<Snapshot> refreshed(List<Snapshot> chain) throws SnapshotException {
        List<Snapshot> now = new ArrayList<>();
        for (Snapshot snapshot : chain) {
            now.add(store.get(snapshot.name()));
        }
        return now;
    }

    private void settle(String namespace, Snapshot disputed, Disagreement disagreement, Settling settling)
            throws SnapshotException, IOException {
        List<Snapshot> below = store.ancestors(disputed);
        if (below.stream().anyMatch(Snapshot::isUnderWay)) {
            throw refusal(disagreement, "a layer below it is still being fetched");
        }
        Settlement settlement = settling.settle(
                new Request(namespace, disagreement.chainId(), disputed.labels(), mounts.lowers(below)),
                disagreement,
                disputed.knownLayer().orElseThrow());
        if (settlement instanceof Settlement.UnderWay) {
            throw failedPrecondition(disagreement.sentence()
                    + "; the layer is being fetched in full to verify which one has its diff ID: try again in a moment, or "
                    + disagreement.remedy());
        }
        if (settlement instanceof Settlement.Open open) {
            throw refusal(disagreement, open.reason());
        }
        if (settlement instanceof Settlement.Right right) {
            log.info("Snapshot {} is a verified layer of {} from now on", disputed.name(), right.image());
            replace(store.siblings(disputed, Labels.REFERENCE), right.key());
        }
    }

    private static SnapshotException refusal(Disagreement disagreement, String reason) {
        String sentence = disagreement.sentence() + "; one of them is forged, and it cannot be verified which: "
                + reason + "; " + disagreement.remedy();
        log.error("Layer is not used: {}", sentence);
        return failedPrecondition(sentence);
    }

    /**
     * Which layer a lazy snapshot is going to be, if others have the same parent and reference: these must all be the same layer. One that is
     * verified goes before one that is not.
     *
     * @param snapshot with the layer that it would be; may exist or not
     * @param lowers the directories of the layers below, the topmost first
     * @return the layer, of which the caller owns one reference as it did of that of the snapshot, which may have been given back
     */
    LayerKey common(Snapshot snapshot, List<Path> lowers) throws IOException {
        LayerKey mine = snapshot.knownLayer().orElseThrow();
        List<Snapshot> others = store.siblings(snapshot, Labels.REFERENCE).stream()
                .filter(sibling -> !sibling.layer().equals(snapshot.layer()))
                .toList();
        if (others.isEmpty()) {
            return mine;
        }
        LayerKey theirs = others.get(0).knownLayer().orElseThrow();
        if (layers.isVerified(theirs)) {
            LayerKey right = layers.refit(theirs, lowers);
            layers.release(mine);
            return right;
        }
        if (layers.isVerified(mine)) {
            replace(others, layers.refit(mine, lowers));
        }
        return mine;
    }

    /**
     * Makes snapshots another layer, and those above them fit on it.
     *
     * @param disputed all have one parent
     * @param right is verified; one reference to it is taken over
     */
    private void replace(List<Snapshot> disputed, LayerKey right) throws IOException {
        try {
            for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
                if (new Replacement(disputed, right).run()) {
                    return;
                }
            }
            throw new IOException("snapshots change too fast to be given another layer, try again");
        } finally {
            layers.release(right);
        }
    }

    /** One attempt. */
    private final class Replacement {
        private final List<Snapshot> expected = new ArrayList<>();
        private final Map<String, LayerKey> planned = new HashMap<>();
        private final List<Snapshot> disputed;
        private final LayerKey right;

        Replacement(List<Snapshot> disputed, LayerKey right) {
            this.disputed = disputed;
            this.right = right;
        }

        /** Whether it is done: it is not if something has changed meanwhile. */
        boolean run() throws IOException {
            Optional<Set<String>> keepers = Optional.empty();
            try {
                for (Snapshot snapshot : disputed) {
                    Optional<Snapshot> current = store.find(snapshot.name());
                    if (current.isPresent() && current.get().knownLayer().isPresent()) {
                        plan(current.get());
                    }
                }
                keepers = store.settle(expected, planned, clock.instant());
                return keepers.isPresent();
            } finally {
                Set<String> kept = keepers.orElse(Set.of());
                planned.forEach((name, layer) -> {
                    if (!kept.contains(name)) {
                        layers.release(layer);
                    }
                });
            }
        }

        private void plan(Snapshot snapshot) throws IOException {
            expected.add(snapshot);
            planned.put(snapshot.name(), layers.refit(right, lowers(snapshot)));
            for (Snapshot above : store.lazyDescendants(snapshot)) {
                expected.add(above);
                boolean fits = store.ancestors(above).stream().noneMatch(Snapshot::isUnderWay);
                if (above.knownLayer().isPresent() && fits) {
                    planned.put(above.name(), layers.refit(above.knownLayer().get(), lowers(above)));
                }
            }
        }

        /** What lies below, as it is going to be. */
        private List<Path> lowers(Snapshot snapshot) throws IOException {
            List<Snapshot> below = new ArrayList<>();
            for (Snapshot ancestor : store.ancestors(snapshot)) {
                LayerKey next = planned.get(ancestor.name());
                below.add(next == null ? ancestor : ancestor.withLayer(next, ancestor.updated()));
            }
            return mounts.lowers(below);
        }
    }
}
