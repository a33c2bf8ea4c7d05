package dev.sluice.snapshot;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** All snapshots in memory, as the changes made them. Not safe for use by many threads. */
final class SnapshotIndex {
    private static final String NO_PARENT = "";

    private final Map<String, Snapshot> byName = new HashMap<>();
    private final Map<String, Set<String>> children = new HashMap<>();
    private final Set<Long> ids = new HashSet<>();
    private long lastId;

    /** @throws IllegalArgumentException if the change does not fit the state before */
    void apply(Change change) {
        if (change instanceof Change.Put put) {
            Snapshot old = byName.get(put.snapshot().name());
            if (old != null) {
                drop(old);
            }
            add(put.snapshot());
        } else if (change instanceof Change.Settled settled) {
            settled.snapshots().forEach(snapshot -> existing(snapshot.name()));
            for (Snapshot snapshot : settled.snapshots()) {
                drop(existing(snapshot.name()));
                add(snapshot);
            }
        } else if (change instanceof Change.Committed committed) {
            drop(existing(committed.key()));
            add(committed.snapshot());
        } else if (change instanceof Change.Removed removed) {
            drop(existing(removed.name()));
        } else if (change instanceof Change.IdsUsed used) {
            lastId = Math.max(lastId, used.last());
        }
    }

    private Snapshot existing(String name) {
        Snapshot snapshot = byName.get(name);
        if (snapshot == null) {
            throw new IllegalArgumentException("a change names a snapshot that does not exist: " + name);
        }
        return snapshot;
    }

    private void add(Snapshot snapshot) {
        if (byName.containsKey(snapshot.name()) || !ids.add(snapshot.id())) {
            throw new IllegalArgumentException("a change makes a snapshot that exists: " + snapshot.name());
        }
        byName.put(snapshot.name(), snapshot);
        children.computeIfAbsent(snapshot.parent().orElse(NO_PARENT), parent -> new HashSet<>())
                .add(snapshot.name());
        lastId = Math.max(lastId, snapshot.id());
    }

    private void drop(Snapshot snapshot) {
        byName.remove(snapshot.name());
        ids.remove(snapshot.id());
        String parent = snapshot.parent().orElse(NO_PARENT);
        Set<String> siblings = children.getOrDefault(parent, new HashSet<>());
        siblings.remove(snapshot.name());
        if (siblings.isEmpty()) {
            children.remove(parent);
        }
    }

    Optional<Snapshot> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    Collection<Snapshot> all() {
        return byName.values();
    }

    boolean holdsId(long id) {
        return ids.contains(id);
    }

    long lastId() {
        return lastId;
    }

    boolean hasChildren(String name) {
        return children.containsKey(name);
    }

    /** The lazy snapshots, of any namespace, that have the same parent and the same value of {@code label} as {@code wanted}. */
    List<Snapshot> lazySiblings(Snapshot wanted, String label) {
        return children.getOrDefault(wanted.parent().orElse(NO_PARENT), Set.of()).stream()
                .map(this::find)
                .flatMap(Optional::stream)
                .filter(sibling -> sibling.layer().isPresent())
                .filter(sibling -> Objects.equals(
                        sibling.labels().get(label), wanted.labels().get(label)))
                .toList();
    }

    /** The lazy snapshots above, those that are nearer before those that are farther. */
    List<Snapshot> lazyDescendants(String name) {
        List<Snapshot> lazy = new ArrayList<>();
        Deque<String> parents = new ArrayDeque<>(List.of(name));
        while (!parents.isEmpty()) {
            for (String child : children.getOrDefault(parents.remove(), Set.of())) {
                find(child).filter(snapshot -> snapshot.layer().isPresent()).ifPresent(lazy::add);
                parents.add(child);
            }
        }
        return lazy;
    }

    /** The snapshots below, the nearest first. */
    List<Snapshot> ancestors(Snapshot snapshot) {
        List<Snapshot> below = new ArrayList<>();
        Optional<Snapshot> next = snapshot.parent().flatMap(this::find);
        while (next.isPresent()) {
            below.add(next.get());
            next = next.get().parent().flatMap(this::find);
        }
        return below;
    }
}
