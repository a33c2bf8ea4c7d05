package dev.sluice.snapshot;

import static dev.sluice.snapshot.SnapshotException.failedPrecondition;
import static dev.sluice.snapshot.SnapshotException.invalidArgument;

import dev.sluice.image.ImageResolver;
import dev.sluice.mount.DiskUsage;
import dev.sluice.mount.LazyLayers;
import dev.sluice.mount.LazyLayers.Disagreement;
import dev.sluice.mount.LazyLayers.Knowledge;
import dev.sluice.mount.LazyLayers.LayerKey;
import dev.sluice.mount.LazyLayers.Outcome;
import dev.sluice.mount.LazyLayers.Usage;
import dev.sluice.snapshot.SnapshotStore.LazyCreation;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life cycle of snapshots, as containerd's contract has it. Safe for use by many threads; no lock is held while a lazy layer
 * is acquired or mounted, or a directory is measured or deleted.
 */
public final class Snapshots implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(Snapshots.class);

    private static final Pattern CHAIN_ID = Pattern.compile("[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-f]{32,128}");

    private final SnapshotStore store;
    private final SnapshotDirectories directories;
    private final OverlayMounts mounts;
    private final Disputes disputes;
    private final Arrivals arrivals;
    private final LazyLayers layers;
    private final DiskUsage diskUsage;
    private final Clock clock;
    private final ReentrantLock cleanup = new ReentrantLock();

    private Snapshots(
            SnapshotStore store, SnapshotDirectories directories, LazyLayers layers, DiskUsage diskUsage, Clock clock) {
        this.store = store;
        this.directories = directories;
        this.mounts = new OverlayMounts(directories, layers);
        this.disputes = new Disputes(store, mounts, layers, clock);
        this.arrivals = new Arrivals(store, mounts, disputes, layers, clock);
        this.layers = layers;
        this.diskUsage = diskUsage;
        this.clock = clock;
    }

    /**
     * Opens the snapshots in a directory, and tells {@code layers} who refers to them. Quick; what was left to be deleted is deleted
     * by the first {@link #cleanup}.
     *
     * @param root an existing directory, which the caller has for itself
     * @throws CorruptStoreException if the metadata are damaged
     * @throws UnknownStoreVersionException if another version of this program wrote the metadata
     * @throws IOException if they cannot be read
     */
    public static Snapshots open(Path root, LazyLayers layers, DiskUsage diskUsage, Clock clock) throws IOException {
        SnapshotStore store = SnapshotStore.open(root);
        try {
            store.compact();
            SnapshotDirectories directories = SnapshotDirectories.open(root.resolve("snapshots"));
            store.skipIds(directories.greatestId());
            layers.restore(store.layers());
            return new Snapshots(store, directories, layers, diskUsage, clock);
        } catch (IOException | RuntimeException e) {
            store.close();
            throw e;
        }
    }

    /**
     * Makes an active snapshot, or, if the labels name what it is going to be and that can be mounted lazily, the committed snapshot
     * that it would become. containerd holds a lock meanwhile: whose bytes are still on their way is committed all the same, and
     * {@link #stat}, by which containerd makes sure of it, and {@link #mounts} wait for them; these are called without a lock.
     *
     * @throws SnapshotException ALREADY_EXISTS in the second case
     */
    List<MountSpec> prepare(String namespace, String key, Optional<String> parent, Map<String, String> labels)
            throws SnapshotException, IOException {
        List<Snapshot> found = here(chain(parent));
        requireNew(key);
        List<Snapshot> chain = disputes.settle(namespace, found, Knowledge.FRESH, layers::settle);
        List<Path> lowers = mounts.lowers(chain);
        Optional<String> chainId = Optional.ofNullable(labels.get(Labels.REFERENCE));
        if (chainId.isPresent()) {
            Outcome outcome = commitLazily(namespace, chainId.get(), parent, labels, chain, lowers);
            if (outcome instanceof Outcome.Lazy lazy) {
                log.info("Layer is lazy: snapshot {}, chain {}, image {}", key, chainId.get(), lazy.image());
                throw SnapshotException.alreadyExists(chainId.get());
            }
            if (outcome instanceof Outcome.UnderWay underWay) {
                log.info(
                        "Layer is being fetched: snapshot {}, chain {}, image {}",
                        key,
                        chainId.get(),
                        underWay.image());
                throw SnapshotException.alreadyExists(chainId.get());
            }
            log.info(
                    "Layer is pulled as usual: snapshot {}, chain {}, image {}: {}",
                    key,
                    chainId.get(),
                    ImageResolver.claimedReference(labels).orElse("unknown"),
                    ((Outcome.NotLazy) outcome).reason());
        }
        return create(Kind.ACTIVE, namespace, key, parent, labels, lowers);
    }

    /** Makes a view of a committed snapshot, or of nothing. */
    List<MountSpec> view(String namespace, String key, Optional<String> parent, Map<String, String> labels)
            throws SnapshotException, IOException {
        List<Snapshot> found = here(chain(parent));
        requireNew(key);
        List<Snapshot> chain = disputes.settle(namespace, found, Knowledge.FRESH, layers::settle);
        return create(Kind.VIEW, namespace, key, parent, labels, mounts.lowers(chain));
    }

    /**
     * The mounts of an active snapshot or a view. Waits for layers below it that are being fetched.
     *
     * @param abandoned whether nobody wants the answer any more
     */
    List<MountSpec> mounts(String key, BooleanSupplier abandoned) throws SnapshotException, IOException {
        Snapshot snapshot = store.get(key);
        if (snapshot.kind() == Kind.COMMITTED) {
            throw failedPrecondition("a committed snapshot has no mounts, only views of it have: " + key);
        }
        List<Path> lowers =
                mounts.lowers(arrivals.await(store.ancestors(snapshot), request -> layers.finish(request, abandoned)));
        return mounts.mounts(snapshot, lowers, mounts.idMap(snapshot.labels(), lowers));
    }

    /** Turns an active snapshot into a committed one. */
    void commit(String key, String name, Optional<String> parent, Map<String, String> labels)
            throws SnapshotException, IOException {
        Snapshot active = store.get(key);
        requireNew(name);
        if (active.kind() != Kind.ACTIVE) {
            throw failedPrecondition("snapshot is not active: " + key);
        }
        Usage usage = diskUsage.measure(directories.contents(active.id()));
        store.commit(key, active.id(), name, parent, labels, usage, now());
    }

    /** Removes a snapshot without children. Its directory, or its lazy layer, goes at the next {@link #cleanup}. */
    void remove(String key) throws SnapshotException, IOException {
        store.remove(key).layers().forEach(layers::release);
    }

    /**
     * One snapshot. The client may look for a layer by its chain ID, so it is not told of a lazy one that images disagree on. Waits for a
     * layer that is being fetched, also to find out which one is right: this is how a pull learns that it is here.
     *
     * @param namespace of the client; empty if it names none, then the snapshot's
     * @param abandoned whether nobody wants the answer any more
     * @throws SnapshotException FAILED_PRECONDITION in that case
     * @throws IOException if it cannot be fetched
     */
    Snapshot stat(String namespace, String key, BooleanSupplier abandoned) throws SnapshotException, IOException {
        Snapshot found = store.get(key);
        Snapshot snapshot = found.isUnderWay()
                ? arrivals.await(withAncestors(found), request -> layers.finish(request, abandoned))
                        .get(0)
                : found;
        return disputes.settle(
                        namespace.isEmpty() ? snapshot.namespace() : namespace,
                        List.of(snapshot),
                        Knowledge.RECENT,
                        (request, disagreement, disputed) ->
                                layers.finishSettling(request, disagreement, disputed, abandoned))
                .get(0);
    }

    /** Replaces the labels of a snapshot. */
    Snapshot update(String name, UnaryOperator<Map<String, String>> labels) throws SnapshotException, IOException {
        return store.update(name, labels, now());
    }

    /** All snapshots, in no order. */
    List<Snapshot> all() {
        return store.all();
    }

    /** What a snapshot takes without its parents. */
    Usage usage(String key) throws SnapshotException, IOException {
        Snapshot snapshot = store.get(key);
        if (snapshot.layer().isPresent()) {
            return snapshot.isUnderWay()
                    ? Snapshot.UNMEASURED
                    : layers.usage(snapshot.layer().get());
        }
        return snapshot.kind() == Kind.ACTIVE
                ? diskUsage.measure(directories.contents(snapshot.id()))
                : snapshot.usage();
    }

    /**
     * Deletes the directories and lazy layers of removed snapshots.
     *
     * @throws IOException if some could not be deleted; they are tried again at the next cleanup
     */
    public void cleanup() throws IOException {
        cleanup.lock();
        try {
            store.compact();
            try {
                directories.sweep(store::holdsId);
            } finally {
                layers.cleanup();
            }
        } finally {
            cleanup.unlock();
        }
    }

    /** Closes the metadata. The caller makes sure that no request is running. */
    /** How many snapshots there are, by their kind: {@code active}, {@code committed}, {@code view}. */
    public Map<String, Integer> counts() {
        Map<String, Integer> counts = new TreeMap<>();
        for (Kind kind : Kind.values()) {
            counts.put(kind.name().toLowerCase(Locale.ROOT), 0);
        }
        for (Snapshot snapshot : store.all()) {
            counts.merge(snapshot.kind().name().toLowerCase(Locale.ROOT), 1, Integer::sum);
        }
        return counts;
    }

    @Override
    public void close() throws IOException {
        store.close();
    }

    private List<Snapshot> chain(Optional<String> parent) throws SnapshotException {
        if (parent.isEmpty()) {
            return List.of();
        }
        Snapshot nearest = store.get(parent.get());
        if (nearest.kind() != Kind.COMMITTED) {
            throw invalidArgument("parent is not committed: " + nearest.name());
        }
        return withAncestors(nearest);
    }

    private List<Snapshot> withAncestors(Snapshot snapshot) {
        List<Snapshot> chain = new ArrayList<>();
        chain.add(snapshot);
        chain.addAll(store.ancestors(snapshot));
        return chain;
    }

    /** A chain without layers that are under way; waits for them no longer than one Prepare may. */
    private List<Snapshot> here(List<Snapshot> chain) throws SnapshotException, IOException {
        return arrivals.await(chain, layers::acquire);
    }

    private void requireNew(String name) throws SnapshotException {
        if (store.find(name).isPresent()) {
            throw SnapshotException.alreadyExists(name);
        }
    }

    /**
     * Stores the committed snapshot that a lazy layer is, if there is such a layer.
     *
     * @return lazy, or under way, if the snapshot exists
     */
    private Outcome commitLazily(
            String namespace,
            String chainId,
            Optional<String> parent,
            Map<String, String> labels,
            List<Snapshot> chain,
            List<Path> lowers)
            throws SnapshotException, IOException {
        if (!CHAIN_ID.matcher(chainId).matches()) {
            return new Outcome.NotLazy("the reference is no chain ID");
        }
        Outcome outcome = layers.acquire(new LazyLayers.Request(namespace, chainId, labels, lowers));
        if (outcome instanceof Outcome.NotLazy) {
            return outcome;
        }
        if (outcome instanceof Outcome.UnderWay) {
            store.createLazy(
                    lazySnapshot(namespace, chainId, parent, labels, Snapshot.UNDER_WAY), Labels.REFERENCE, chain);
            return outcome;
        }
        LayerKey acquired = ((Outcome.Lazy) outcome).key();
        LayerKey layer = acquired;
        LazyCreation creation = LazyCreation.CONFLICT;
        try {
            layer = disputes.common(lazySnapshot(namespace, chainId, parent, labels, acquired), lowers);
            Optional<Disagreement> disagreement =
                    layers.disagreement(namespace, Map.of(chainId, layer), Knowledge.FRESH);
            if (disagreement.isPresent()) {
                return new Outcome.NotLazy(disagreement.get().sentence());
            }
            creation =
                    store.createLazy(lazySnapshot(namespace, chainId, parent, labels, layer), Labels.REFERENCE, chain);
        } finally {
            if (creation != LazyCreation.CREATED) {
                layers.release(layer);
            }
        }
        return creation == LazyCreation.CONFLICT
                ? new Outcome.NotLazy(
                        "another image has other contents under the same chain ID, layer " + layer.value())
                : outcome;
    }

    /** Its name cannot be the chain ID, because the same chain in two namespaces may have different parents. */
    private Snapshot lazySnapshot(
            String namespace, String chainId, Optional<String> parent, Map<String, String> labels, LayerKey layer) {
        long id = store.newId();
        Instant now = now();
        return new Snapshot(
                id,
                namespace,
                chainId + "/" + id,
                parent,
                Kind.COMMITTED,
                labels,
                now,
                now,
                Optional.of(layer),
                Snapshot.UNMEASURED);
    }

    private List<MountSpec> create(
            Kind kind,
            String namespace,
            String key,
            Optional<String> parent,
            Map<String, String> labels,
            List<Path> lowers)
            throws SnapshotException, IOException {
        long id = store.newId();
        Instant now = now();
        Snapshot snapshot =
                new Snapshot(id, namespace, key, parent, kind, labels, now, now, Optional.empty(), Snapshot.UNMEASURED);
        Optional<IdMap> idMap = mounts.idMap(labels, lowers);
        List<MountSpec> specs = mounts.mounts(snapshot, lowers, idMap);
        try {
            if (kind == Kind.ACTIVE || lowers.isEmpty()) {
                directories.create(id, lowers.stream().findFirst(), idMap);
            }
            store.create(snapshot);
        } finally {
            directories.settle(id);
        }
        return specs;
    }

    private Instant now() {
        return clock.instant();
    }
}
