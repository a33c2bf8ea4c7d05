package dev.sluice.snapshot;

import static java.util.Objects.requireNonNull;

/** A request that the rules of snapshots forbid. */
final class SnapshotException extends Exception {
    /** Why, in the words that containerd understands. */
    enum Reason {
        NOT_FOUND,
        ALREADY_EXISTS,
        FAILED_PRECONDITION,
        INVALID_ARGUMENT
    }

    private final Reason reason;

    SnapshotException(Reason reason, String message) {
        super(message);
        this.reason = requireNonNull(reason, "reason is null");
    }

    static SnapshotException notFound(String name) {
        return new SnapshotException(Reason.NOT_FOUND, "snapshot does not exist: " + name);
    }

    static SnapshotException alreadyExists(String name) {
        return new SnapshotException(Reason.ALREADY_EXISTS, "snapshot exists already: " + name);
    }

    static SnapshotException failedPrecondition(String message) {
        return new SnapshotException(Reason.FAILED_PRECONDITION, message);
    }

    static SnapshotException invalidArgument(String message) {
        return new SnapshotException(Reason.INVALID_ARGUMENT, message);
    }

    Reason reason() {
        return reason;
    }
}
