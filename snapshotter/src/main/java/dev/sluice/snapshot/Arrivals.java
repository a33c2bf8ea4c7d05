package dev.sluice.snapshot;

import dev.sluice.mount.LazyLayers;
import dev.sluice.mount.LazyLayers.LayerKey;
import dev.sluice.mount.LazyLayers.Outcome;
import dev.sluice.mount.LazyLayers.Request;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Waits for layers that were committed while their bytes were on their way. Safe for use by many threads. */
final class Arrivals {
    private final SnapshotStore store;
    private final OverlayMounts mounts;
    private final Disputes disputes;
    private final LazyLayers layers;
    private final Clock clock;

    Arrivals(SnapshotStore store, OverlayMounts mounts, Disputes disputes, LazyLayers layers, Clock clock) {
        this.disputes = disputes;
        this.store = store;
        this.mounts = mounts;
        this.layers = layers;
        this.clock = clock;
    }

    /**
     * Waits from the lowest layer to the topmost: a layer may take attributes of directories from those below.
     *
     * @param chain the topmost first
     * @param acquire waits for one layer
     * @return the chain, in which no layer is under way
     * @throws IOException if a layer cannot be fetched, or is not here when {@code acquire} returns
     */
    List<Snapshot> await(List<Snapshot> chain, Function<Request, Outcome> acquire)
            throws SnapshotException, IOException {
        if (chain.stream().noneMatch(Snapshot::isUnderWay)) {
            return chain;
        }
        List<Snapshot> here = new ArrayList<>(chain);
        for (int i = here.size() - 1; i >= 0; i--) {
            if (here.get(i).isUnderWay()) {
                here.set(i, await(here.get(i), here.subList(i + 1, here.size()), acquire));
            }
        }
        return List.copyOf(here);
    }

    private Snapshot await(Snapshot snapshot, List<Snapshot> below, Function<Request, Outcome> acquire)
            throws SnapshotException, IOException {
        List<Path> lowers = mounts.lowers(below);
        String chainId = snapshot.labels().getOrDefault(Labels.REFERENCE, "");
        Outcome outcome = acquire.apply(new Request(snapshot.namespace(), chainId, snapshot.labels(), lowers));
        if (outcome instanceof Outcome.Lazy lazy) {
            return arrived(snapshot, below, lowers, lazy.key());
        }
        if (outcome instanceof Outcome.UnderWay underWay) {
            throw new IOException("the layer with chain ID " + chainId + " of image " + underWay.image()
                    + " is still being fetched, try again in a moment");
        }
        throw new IOException("Tried to fetch the layer with chain ID " + chainId + " but failed because: "
                + ((Outcome.NotLazy) outcome).reason() + "; pull its image again");
    }

    private Snapshot arrived(Snapshot snapshot, List<Snapshot> below, List<Path> lowers, LayerKey acquired)
            throws SnapshotException, IOException {
        boolean used = false;
        LayerKey layer = acquired;
        try {
            layer = disputes.common(snapshot.withLayer(acquired, snapshot.updated()), lowers);
            SnapshotStore.Arrival arrival =
                    store.arrive(snapshot.name(), layer, Labels.REFERENCE, below, clock.instant());
            used = arrival.isNew();
            return arrival.snapshot();
        } finally {
            if (!used) {
                layers.release(layer);
            }
        }
    }
}
