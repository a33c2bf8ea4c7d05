package dev.sluice.snapshot;

import static java.util.Objects.requireNonNull;

import dev.sluice.mount.LazyLayers.LayerKey;
import dev.sluice.mount.LazyLayers.Usage;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * One snapshot. Immutable.
 *
 * @param id names the snapshot's directory; positive, never used again, kept when an active snapshot is committed
 * @param namespace containerd's namespace in which it was made; empty if the client named none
 * @param name the key of an active snapshot or a view, the name of a committed one
 * @param labels a label whose value is empty is none, as in containerd's own snapshotters
 * @param layer the lazy layer that is this snapshot's contents; it then has no directory of its own. {@link #UNDER_WAY} until it is here
 * @param former lazy layers that it was before, of which it was found out that they are not verified and another one is: containers that were
 *     started on them go on with them, so they stay as long as this snapshot
 * @param usage what it takes without its parents, measured at commit; zero before, and for lazy layers, which are measured
 *     when somebody asks
 */
record Snapshot(
        long id,
        String namespace,
        String name,
        Optional<String> parent,
        Kind kind,
        Map<String, String> labels,
        Instant created,
        Instant updated,
        Optional<LayerKey> layer,
        Set<LayerKey> former,
        Usage usage) {

    /** Stands for the lazy layer of a snapshot whose bytes are still being fetched, so that it is not known yet which it is. */
    static final LayerKey UNDER_WAY = new LayerKey("under-way");

    /** What an unmeasured snapshot takes. */
    static final Usage UNMEASURED = new Usage(0, 0);

    Snapshot {
        if (id <= 0) {
            throw new IllegalArgumentException("id of a snapshot is not positive: " + id);
        }
        requireNonNull(namespace, "namespace is null");
        requireNonNull(name, "name is null");
        requireNonNull(parent, "parent is null");
        requireNonNull(kind, "kind is null");
        labels = labels.entrySet().stream()
                .filter(label -> !label.getValue().isEmpty())
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
        requireNonNull(created, "created is null");
        requireNonNull(updated, "updated is null");
        requireNonNull(layer, "layer is null");
        former = Set.copyOf(former);
        requireNonNull(usage, "usage is null");
        if (layer.isPresent() && kind != Kind.COMMITTED) {
            throw new IllegalArgumentException("only a committed snapshot can be a lazy layer: " + name);
        }
    }

    /** One that was never another layer. */
    Snapshot(
            long id,
            String namespace,
            String name,
            Optional<String> parent,
            Kind kind,
            Map<String, String> labels,
            Instant created,
            Instant updated,
            Optional<LayerKey> layer,
            Usage usage) {
        this(id, namespace, name, parent, kind, labels, created, updated, layer, Set.of(), usage);
    }

    /** Whether its layer is still being fetched, or was when the daemon ended. */
    boolean isUnderWay() {
        return layer.equals(Optional.of(UNDER_WAY));
    }

    /** The lazy layer that it is, if that is known. */
    Optional<LayerKey> knownLayer() {
        return isUnderWay() ? Optional.empty() : layer;
    }

    /** All lazy layers that it keeps. */
    Set<LayerKey> layers() {
        Set<LayerKey> all = new HashSet<>(former);
        knownLayer().ifPresent(all::add);
        return all;
    }

    /** This snapshot, whose layer is here now. */
    Snapshot withLayer(LayerKey fetched, Instant now) {
        return with(fetched, former, now);
    }

    /** This snapshot, of which it was found out that another layer is right. */
    Snapshot settled(LayerKey right, Instant now) {
        Set<LayerKey> before = layers();
        before.remove(right);
        return with(right, before, now);
    }

    private Snapshot with(LayerKey now, Set<LayerKey> before, Instant when) {
        return new Snapshot(id, namespace, name, parent, kind, labels, created, when, Optional.of(now), before, usage);
    }

    /** This snapshot, which is active, as committed. Labels are replaced, as containerd does. */
    Snapshot committed(
            String newName, Optional<String> newParent, Map<String, String> newLabels, Usage measured, Instant now) {
        return new Snapshot(
                id, namespace, newName, newParent, Kind.COMMITTED, newLabels, now, now, Optional.empty(), measured);
    }

    Snapshot withLabels(Map<String, String> newLabels, Instant now) {
        return new Snapshot(id, namespace, name, parent, kind, newLabels, created, now, layer, former, usage);
    }
}
