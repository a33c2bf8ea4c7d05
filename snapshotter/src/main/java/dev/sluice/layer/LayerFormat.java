package dev.sluice.layer;

import java.io.IOException;
import java.util.Optional;

/** An image format that can be read lazily. Safe for use by many threads. */
public interface LayerFormat {
    /** Short lower-case name, as it stands in {@code layer.json} and in log lines: {@code estargz}. */
    String name();

    /**
     * Digest of the table of contents that the manifest vouches for, {@code algorithm:hex}, if the manifest names it; it is the
     * {@link LayerIndex#indexDigest} of what {@link #read} would give. Lets a layer be recognized that is here already.
     */
    Optional<String> indexDigest(LayerDescriptor layer);

    /**
     * Whether what a container sees of such a layer is the tar that its blob is when decoded, and that its diff ID is the digest of. Then the
     * blob, read from its first byte to its last, proves what is in the layer.
     *
     * @return true also for layers of other formats, on which this one has no say
     */
    default boolean isTar(LayerDescriptor layer) {
        return true;
    }

    /**
     * Reads the layer's table of contents.
     *
     * @param image that the layer is read for. Where {@link #indexDigest} is empty, what comes of it is taken for this image's word alone.
     * @throws InvalidLayerException if the layer claims to be of this format and is not, or not in a way that can be trusted
     * @throws IOException if the blob cannot be read
     */
    Result read(LayerDescriptor layer, Blob blob, LayerImage image) throws IOException;

    /** What reading a table of contents gave. */
    sealed interface Result {
        /** The layer can be lazy. */
        record Indexed(LayerIndex index) implements Result {}

        /** @param reason one sentence for the log, without a full stop */
        record NotThisFormat(String reason) implements Result {}
    }
}
