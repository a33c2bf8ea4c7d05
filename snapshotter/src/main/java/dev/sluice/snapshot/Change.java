package dev.sluice.snapshot;

import static java.util.Objects.requireNonNull;

/** One durable change of the metadata store. */
sealed interface Change {
    /** A snapshot was made, or its labels were replaced. */
    record Put(Snapshot snapshot) implements Change {
        public Put {
            requireNonNull(snapshot, "snapshot is null");
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
