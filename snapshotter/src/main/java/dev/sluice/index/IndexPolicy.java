package dev.sluice.index;

/**
 * Whose word on the contents of a plain layer is taken. An index says which files a layer has, and where in the blob their bytes are.
 * Nobody unpacks a lazy layer, so nothing proves that against the diff ID: who makes the index that is believed decides, within the bytes
 * of the blob, what containers see.
 */
public enum IndexPolicy {
    /** Nobody's. */
    OFF,

    /**
     * An index that is named by its digest: in our configuration, for the digest of the image's manifest; else in that manifest itself, by the
     * annotation {@value IndexArtifact#PIN}. Configuration goes first.
     *
     * <p>Protects against everybody who can write to the registry, against mirrors and against the network: none of them can change a
     * digest. Does not protect against an image whose publisher pinned a lying index: who names an image by tag, and trusts whoever may
     * move the tag, gets their index with their image.
     */
    PINNED,

    /**
     * An index that one of our configured Ed25519 keys has signed for exactly this manifest.
     *
     * <p>Protects like {@link #PINNED}, without naming every image; what was signed for another image, an older manifest of the same
     * tag included, is refused. Does not protect against holders of the keys, nor against an older index that a key has signed for
     * the same manifest: signatures do not expire and are not revoked. Who can push may hide the signed index behind others.
     */
    SIGNED,

    /**
     * Any index that refers to this manifest in this repository; of several the newest, by the annotation
     * {@code org.opencontainers.image.created}.
     *
     * <p>Protects against nobody who can push to the repository, and not against the registry or the mirrors that may answer for
     * referrers, even where the image is named by digest. Right where those who push images and those who push indexes are the same, and
     * the registry is trusted. An image that shares a layer with one from such a repository is given the layer as that index has it.
     */
    SAME_REGISTRY
}
