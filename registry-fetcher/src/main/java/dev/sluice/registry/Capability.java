package dev.sluice.registry;

/** What a host may be asked for, in the words of containerd's {@code hosts.toml}. */
enum Capability {
    /** Manifests and blobs by digest. */
    PULL,
    /** Which digest a tag stands for. */
    RESOLVE,
    PUSH,
    REFERRERS
}
