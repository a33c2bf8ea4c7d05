package dev.sluice.snapshot;

/** Labels that containerd puts on snapshots. */
final class Labels {
    /** On a request: the chain ID that the snapshot is going to have. */
    static final String REFERENCE = "containerd.io/snapshot.ref";

    /** On a request: which users of the host those of the container are, for a client that leaves it to us to shift files. */
    static final String UID_MAPPING = "containerd.io/snapshot/uidmapping";

    /** The same for groups. */
    static final String GID_MAPPING = "containerd.io/snapshot/gidmapping";

    private Labels() {}
}
