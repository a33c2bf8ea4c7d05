package dev.sluice.layer;

import java.io.IOException;

/**
 * What one pass over a layer without a table of contents found out about it, enough to read it lazily from then on. It is kept on the node,
 * or published beside an image. Immutable, safe for use by many threads.
 */
public interface BlobIndex {
    /** Digest of the blob, {@code sha256:hex}. */
    String blobDigest();

    /** Size of the blob, in bytes. */
    long blobSize();

    /** Digest of what the blob decodes to, {@code sha256:hex}. */
    String diffId();

    /** Size of the data device, in bytes, a multiple of 4096. */
    long deviceSize();

    /** Name of the format, as in {@link LayerIndex#format}. */
    String formatName();

    /** From how many places the blob can be decoded; 0 if only as a whole. */
    int spanCount();

    /** Whether the layer can be read in parts: it has no contents, or it has spans. */
    default boolean isLazy() {
        return deviceSize() == 0 || spanCount() > 0;
    }

    /**
     * The entries of the layer, and how its data device is filled. If it is not {@link #isLazy lazy}, the data device has the right
     * size, but nothing fills it.
     *
     * @param indexDigest of this index, {@code sha256:hex}
     * @throws InvalidLayerException if this is the index of a stranger, and of no layer that could be mounted
     */
    LayerIndex toLayerIndex(String indexDigest) throws IOException;

    /** The index as bytes that begin with a magic of its kind. */
    byte[] toBytes();
}
