package dev.sluice.snapshot;

/** What a snapshot is, as containerd has it. */
enum Kind {
    /** Read-only, of a committed parent. */
    VIEW,
    /** Writable; becomes committed or is removed. */
    ACTIVE,
    /** Immutable; may have children. */
    COMMITTED
}
