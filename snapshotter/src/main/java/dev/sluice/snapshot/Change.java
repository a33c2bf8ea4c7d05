package dev.sluice.snapshot;

import static java.util.Objects.requireNonNull;

import java.util.List;

/** One durable change of the metadata store. */
sealed interface Change {
    /** A snapshot was made, or its labels were replaced. */
    record Put(Snapshot snapshot) implements Change {
        public Put {
            requireNonNull(snapshot, "snapshot is null");
        }
    }

    /** Snapshots that exist became these, all of them or none. */
    record Settled(List<Snapshot> snapshots) implements Change {
        public Settled {
            snapshots = List.copyOf(snapshots);
        }
    }

    /** The active snapshot {@code key} became {@code snapshot}. */
    record Committed(String key, Snapshot snapshot) implements Change {
        public Committed {
            requireNonNull(key, "key is null");
            requireNonNull(snapshot, "snapshot is null");
        }
    }

    /** A snapshot was removed. */
    record Removed(String name) implements Change {
        public Removed {
            requireNonNull(name, "name is null");
        }
    }

    /** IDs up to this one were given away. */
    record IdsUsed(long last) implements Change {}
}
