package dev.sluice.snapshot;

import static dev.sluice.snapshot.SnapshotException.failedPrecondition;
import static dev.sluice.snapshot.SnapshotException.invalidArgument;

import dev.sluice.mount.LazyLayers.LayerKey;
import dev.sluice.mount.LazyLayers.Usage;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * The metadata of all snapshots: in memory, and durable before a change returns. It holds the rules of containerd's own metadata
 * store: parents exist and are committed, names are unique, what has children stays.
 *
 * <p>Safe for use by many threads. Changes wait for each other and for the disk; reads never wait for the disk.
 */
final class SnapshotStore implements Closeable {
    /** A journal of fewer bytes is not worth a checkpoint. */
    private static final long SMALL_JOURNAL = 256 << 10;

    private final Journal journal;
    private final SnapshotIndex index;
    private final ReentrantLock changes = new ReentrantLock();
    private final ReentrantReadWriteLock memory = new ReentrantReadWriteLock();
    private long lastId;

    private SnapshotStore(Journal journal, SnapshotIndex index) {
        this.journal = journal;
        this.index = index;
        this.lastId = index.lastId();
    }

    /**
     * Opens the store in a directory, and makes an empty one if there is none. The caller makes sure that nobody else has it.
     *
     * @throws CorruptStoreException if what was once durable is damaged
     * @throws UnknownStoreVersionException if another version wrote it
     * @throws IOException if it cannot be read
     */
    static SnapshotStore open(Path directory) throws IOException {
        return open(new JournalDirectory(directory));
    }

    /** Opens the store in files. */
    static SnapshotStore open(JournalFiles files) throws IOException {
        SnapshotIndex index = new SnapshotIndex();
        SnapshotStore store = new SnapshotStore(Journal.open(files, index::apply), index);
        try {
            if (store.journal.isOld()) {
                store.compact();
            }
            return store;
        } catch (IOException e) {
            store.close();
            throw e;
        }
    }

    /** Never gives away an ID up to this one. */
    void skipIds(long last) {
        changes.lock();
        try {
            lastId = Math.max(lastId, last);
        } finally {
            changes.unlock();
        }
    }

    /** An ID that no snapshot ever had. Given away for good only once a snapshot that has it is stored. */
    long newId() {
        changes.lock();
        try {
            return ++lastId;
        } finally {
            changes.unlock();
        }
    }

    /** Whether a snapshot has this ID. */
    boolean holdsId(long id) {
        return read(() -> index.holdsId(id));
    }

    Optional<Snapshot> find(String name) {
        return read(() -> index.find(name));
    }

    /** @throws SnapshotException if it does not exist */
    Snapshot get(String name) throws SnapshotException {
        Optional<Snapshot> snapshot = find(name);
        if (snapshot.isEmpty()) {
            throw SnapshotException.notFound(name);
        }
        return snapshot.get();
    }

    /** All snapshots at one moment, in no order. */
    List<Snapshot> all() {
        return read(() -> List.copyOf(index.all()));
    }

    /** How many snapshots are each lazy layer, or were it before they were settled. */
    Map<LayerKey, Integer> layers() {
        Map<LayerKey, Integer> references = new HashMap<>();
        for (Snapshot snapshot : all()) {
            snapshot.layers().forEach(layer -> references.merge(layer, 1, Integer::sum));
        }
        return references;
    }

    /** The snapshots below, the nearest first. */
    List<Snapshot> ancestors(Snapshot snapshot) {
        return read(() -> index.ancestors(snapshot));
    }

    /**
     * Adds a snapshot.
     *
     * @throws SnapshotException if the name is taken, or the parent does not exist or is not committed
     */
    void create(Snapshot snapshot) throws SnapshotException, IOException {
        changes.lock();
        try {
            requireParent(snapshot.parent());
            requireFree(snapshot.name());
            apply(new Change.Put(snapshot));
        } finally {
            changes.unlock();
        }
    }

    /** What became of a lazy snapshot that was to be added. */
    enum LazyCreation {
        /** It was added. */
        CREATED,
        /** The namespace has one of the same parent, reference and layer. */
        PRESENT,
        /** There is one of the same parent and reference, in some namespace, that is another layer. */
        CONFLICT
    }

    /**
     * Adds a committed snapshot that is a lazy layer, unless there is one already. All that have the same parent and reference are
     * the same layer: containerd looks for one by these two alone, in all namespaces, and takes the first.
     *
     * @param referenceLabel the label that holds the reference
     * @param below the snapshots below, as the layer was fitted on them
     * @throws SnapshotException as {@link #create}, or if something below is another layer by now
     */
    LazyCreation createLazy(Snapshot snapshot, String referenceLabel, List<Snapshot> below)
            throws SnapshotException, IOException {
        changes.lock();
        try {
            requireUnchanged(below);
            List<Snapshot> siblings = index.lazySiblings(snapshot, referenceLabel);
            if (contradicts(siblings, snapshot)) {
                return LazyCreation.CONFLICT;
            }
            if (siblings.stream().anyMatch(other -> other.namespace().equals(snapshot.namespace()))) {
                return LazyCreation.PRESENT;
            }
            create(snapshot);
            return LazyCreation.CREATED;
        } finally {
            changes.unlock();
        }
    }

    /** Layers that are not known yet contradict nothing. */
    private static boolean contradicts(List<Snapshot> siblings, Snapshot snapshot) {
        return snapshot.knownLayer().isPresent()
                && siblings.stream()
                        .map(Snapshot::knownLayer)
                        .anyMatch(other -> other.isPresent() && !other.equals(snapshot.knownLayer()));
    }

    /**
     * Says which layer a snapshot is that was under way.
     *
     * @param below as in {@link #createLazy}
     * @return the snapshot as it is now, and whether this call made it so
     * @throws SnapshotException if it does not exist any more, or another layer is known under its parent and reference
     */
    Arrival arrive(String name, LayerKey layer, String referenceLabel, List<Snapshot> below, Instant now)
            throws SnapshotException, IOException {
        changes.lock();
        try {
            requireUnchanged(below);
            Snapshot old = get(name);
            if (!old.isUnderWay()) {
                return new Arrival(old, false);
            }
            Snapshot arrived = old.withLayer(layer, now);
            if (contradicts(index.lazySiblings(arrived, referenceLabel), arrived)) {
                throw failedPrecondition("another image has other contents under the chain ID of " + name);
            }
            apply(new Change.Put(arrived));
            return new Arrival(arrived, true);
        } finally {
            changes.unlock();
        }
    }

    private void requireUnchanged(List<Snapshot> below) throws SnapshotException {
        for (Snapshot snapshot : below) {
            if (!get(snapshot.name()).layer().equals(snapshot.layer())) {
                throw failedPrecondition("a layer below was settled meanwhile, try again: " + snapshot.name());
            }
        }
    }

    /** The lazy snapshots, of any namespace, whose layer is known, that have the same parent and reference as this, which is one perhaps. */
    List<Snapshot> siblings(Snapshot snapshot, String referenceLabel) {
        return read(() -> index.lazySiblings(snapshot, referenceLabel)).stream()
                .filter(sibling -> sibling.knownLayer().isPresent())
                .toList();
    }

    /** The lazy snapshots above, those that are nearer before those that are farther. */
    List<Snapshot> lazyDescendants(Snapshot snapshot) {
        return read(() -> index.lazyDescendants(snapshot.name()));
    }

    /**
     * Says of snapshots which layers are right, all at once. Those that they were stay theirs, too.
     *
     * @param expected the snapshots as they were looked at, with all lazy ones above them
     * @param right layers by the names of those of them that are to change
     * @return the names of those that keep a layer now that they did not keep before; empty if something has changed since it was looked at, then
     *     nothing was done
     */
    Optional<Set<String>> settle(List<Snapshot> expected, Map<String, LayerKey> right, Instant now) throws IOException {
        changes.lock();
        try {
            Set<String> names = expected.stream().map(Snapshot::name).collect(Collectors.toSet());
            for (Snapshot snapshot : expected) {
                boolean same = index.find(snapshot.name())
                        .filter(found -> found.layer().equals(snapshot.layer()))
                        .isPresent();
                if (!same
                        || !index.lazyDescendants(snapshot.name()).stream()
                                .map(Snapshot::name)
                                .allMatch(names::contains)) {
                    return Optional.empty();
                }
            }
            List<Snapshot> settled = new ArrayList<>();
            Set<String> keepers = new HashSet<>();
            for (Snapshot snapshot : expected) {
                LayerKey layer = right.get(snapshot.name());
                if (layer != null && !snapshot.layer().equals(Optional.of(layer))) {
                    Snapshot current = index.find(snapshot.name()).orElseThrow();
                    settled.add(current.settled(layer, now));
                    if (!current.layers().contains(layer)) {
                        keepers.add(current.name());
                    }
                }
            }
            if (!settled.isEmpty()) {
                apply(new Change.Settled(settled));
            }
            return Optional.of(keepers);
        } finally {
            changes.unlock();
        }
    }

    /** See {@link #arrive}. */
    record Arrival(Snapshot snapshot, boolean isNew) {}

    /**
     * Turns the active snapshot {@code key} into the committed snapshot {@code name}.
     *
     * @param id the ID that {@code usage} was measured for
     * @param parent the parent of a snapshot that was made without one
     * @throws SnapshotException if the name is taken, the key does not exist or is not active, or the parent is wrong
     */
    void commit(
            String key,
            long id,
            String name,
            Optional<String> parent,
            Map<String, String> labels,
            Usage usage,
            Instant now)
            throws SnapshotException, IOException {
        changes.lock();
        try {
            requireFree(name);
            Snapshot active = get(key);
            if (active.id() != id) {
                throw SnapshotException.notFound(key);
            }
            if (active.kind() != Kind.ACTIVE) {
                throw failedPrecondition("snapshot is not active: " + key);
            }
            if (parent.isPresent() && active.parent().isPresent() && !parent.equals(active.parent())) {
                throw invalidArgument("an active snapshot that has a parent cannot be given another one: " + key);
            }
            Optional<String> committedParent = active.parent().or(() -> parent);
            if (committedParent.isPresent()) {
                requireCommittable(key, committedParent.get());
            }
            apply(new Change.Committed(key, active.committed(name, committedParent, labels, usage, now)));
        } finally {
            changes.unlock();
        }
    }

    /**
     * Replaces the labels of a snapshot.
     *
     * @return the snapshot with its new labels
     * @throws SnapshotException if it does not exist
     */
    Snapshot update(String name, UnaryOperator<Map<String, String>> labels, Instant now)
            throws SnapshotException, IOException {
        changes.lock();
        try {
            Snapshot old = get(name);
            Snapshot updated = old.withLabels(labels.apply(old.labels()), now);
            apply(new Change.Put(updated));
            return updated;
        } finally {
            changes.unlock();
        }
    }

    /**
     * Removes a snapshot.
     *
     * @return what was removed
     * @throws SnapshotException if it does not exist or has children
     */
    Snapshot remove(String name) throws SnapshotException, IOException {
        changes.lock();
        try {
            Snapshot snapshot = get(name);
            if (index.hasChildren(name)) {
                throw failedPrecondition("cannot remove snapshot with child: " + name);
            }
            apply(new Change.Removed(name));
            return snapshot;
        } finally {
            changes.unlock();
        }
    }

    /** Replaces the journal by a checkpoint if that is worth it. */
    void compact() throws IOException {
        changes.lock();
        try {
            if (journal.size() < SMALL_JOURNAL && !journal.isOld()) {
                return;
            }
            List<Change> state = new ArrayList<>();
            state.add(new Change.IdsUsed(lastId));
            index.all().forEach(snapshot -> state.add(new Change.Put(snapshot)));
            journal.checkpoint(state);
        } finally {
            changes.unlock();
        }
    }

    @Override
    public void close() throws IOException {
        changes.lock();
        try {
            journal.close();
        } finally {
            changes.unlock();
        }
    }

    private void requireFree(String name) throws SnapshotException {
        if (name.isEmpty()) {
            throw invalidArgument("name of a snapshot is empty");
        }
        if (index.find(name).isPresent()) {
            throw SnapshotException.alreadyExists(name);
        }
    }

    private void requireParent(Optional<String> parent) throws SnapshotException {
        if (parent.isPresent() && get(parent.get()).kind() != Kind.COMMITTED) {
            throw invalidArgument("parent is not committed: " + parent.get());
        }
    }

    /** The key is gone when its snapshot is committed, so it cannot be the parent. */
    private void requireCommittable(String key, String parent) throws SnapshotException {
        if (parent.equals(key)) {
            throw SnapshotException.notFound(parent);
        }
        if (get(parent).kind() != Kind.COMMITTED) {
            throw failedPrecondition("parent is not committed: " + parent);
        }
    }

    /** Durable first, then visible. Called with the lock of changes held. */
    private void apply(Change change) throws IOException {
        journal.append(change);
        memory.writeLock().lock();
        try {
            index.apply(change);
        } finally {
            memory.writeLock().unlock();
        }
    }

    private <T> T read(Supplier<T> query) {
        memory.readLock().lock();
        try {
            return query.get();
        } finally {
            memory.readLock().unlock();
        }
    }
}
