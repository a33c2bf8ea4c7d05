package dev.sluice.mount;

import static java.util.Objects.requireNonNull;

import dev.sluice.image.LayerClaim;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** The layers that are mounted lazily on this machine, as the snapshots service sees them. Safe for use by many threads. */
public interface LazyLayers {
    /**
     * Tries to make a layer lazy: finds its image, reads its table of contents, mounts it; or begins to fetch a plain layer as a whole.
     * Blocks for a bounded time; a registry that stays silent makes the layer {@link Outcome.NotLazy}. The caller owns one reference to a
     * lazy layer.
     */
    Outcome acquire(Request request);

    /**
     * Like {@link #acquire}, but waits for a layer that is being fetched, as long as it takes.
     *
     * @param abandoned whether nobody waits for this any more; asked from time to time. The layer goes on being fetched.
     */
    Outcome finish(Request request, BooleanSupplier abandoned);

    /**
     * Whether an image in containerd's content store has another layer than these under the chain ID of one of them. containerd
     * verifies diff IDs only when it unpacks, so such a layer may be of one image and be used for another. Asks containerd, for a
     * bounded time.
     *
     * @param namespace containerd's
     * @param layers by their chain ID, those that are to be settled first before the others
     * @return empty if all images agree, or containerd cannot be asked; else on which layer they do not
     */
    Optional<Disagreement> disagreement(String namespace, Map<String, LayerKey> layers, Knowledge knowledge);

    /**
     * Finds out which layer is right where images disagree: asks what each of them means, then fetches a layer in full until one has the
     * diff ID that they all claim. Goes on in the background; waits as long as {@link #acquire} for a layer that is being fetched.
     *
     * @param request the layer and those below it
     * @param disputed the layer that is used now
     */
    Settlement settle(Request request, Disagreement disagreement, LayerKey disputed);

    /** Like {@link #settle}, but waits as long as {@link #finish}. */
    Settlement finishSettling(Request request, Disagreement disagreement, LayerKey disputed, BooleanSupplier abandoned);

    /** Whether all bytes of a layer were found to have the diff ID that it is used for. Then it is right for everybody who means that. */
    boolean isVerified(LayerKey layer);

    /**
     * The same layer over other layers below. The caller owns one reference to it.
     *
     * @param lowerDirectories as in {@link Request}
     * @return another key than the one given where it takes attributes of directories from other layers
     */
    LayerKey refit(LayerKey layer, List<Path> lowerDirectories) throws IOException;

    /**
     * That images disagree on a layer.
     *
     * @param claims what each image says of the chain ID
     * @param sentence which images they are, for people, without a full stop
     * @param remedy what people can do, after a comma or colon
     */
    record Disagreement(String chainId, List<LayerClaim> claims, String sentence, String remedy) {
        public Disagreement {
            requireNonNull(chainId, "chainId is null");
            claims = List.copyOf(claims);
            requireNonNull(sentence, "sentence is null");
            requireNonNull(remedy, "remedy is null");
        }
    }

    /** What {@link #settle} came to. */
    sealed interface Settlement {
        /** The images agree on the layer that is used, it was only not known yet. */
        record Agreed() implements Settlement {}

        /**
         * Another layer has the diff ID; it is right for all. The caller owns one reference to it.
         *
         * @param image whose blob it is, for people
         */
        record Right(LayerKey key, String image) implements Settlement {}

        /** It is being found out. */
        record UnderWay() implements Settlement {}

        /** @param reason why it cannot be found out, for people, without a full stop */
        record Open(String reason) implements Settlement {}
    }

    /** How new that must be what is known of containerd's images. */
    enum Knowledge {
        /** All images that are there now. */
        FRESH,
        /**
         * All that were there a moment ago, for a first question about a layer; a second one gets a fresh answer. containerd asks about
         * all its snapshots whenever it lists them.
         */
        RECENT
    }

    /**
     * Where the layer is mounted now. Mounts it again, without the network, if it is not mounted or its mount is dead.
     *
     * @throws IOException if it cannot be mounted
     */
    Path directory(LayerKey key) throws IOException;

    /** What the layer takes on this machine now. */
    Usage usage(LayerKey key) throws IOException;

    /** Gives one reference back. Quick: unmounting and deleting is left to {@link #cleanup}. */
    void release(LayerKey key);

    /**
     * Says which references exist, once, at start, before any other call; layers that nobody refers to are dropped at the next
     * cleanup. Quick, never fails because of a single layer.
     *
     * @param references how many references each layer has
     */
    void restore(Map<LayerKey, Integer> references);

    /** Unmounts and deletes the layers that nobody refers to. Waits until all references of before a restart are known again. */
    void cleanup() throws IOException;

    /** Names a mounted layer across restarts. Opaque; letters, digits, {@code -} and {@code .} only. */
    record LayerKey(String value) {
        public LayerKey {
            if (!value.matches("[A-Za-z0-9.-]{1,200}")) {
                throw new IllegalArgumentException("not a layer key: " + value);
            }
        }
    }

    /**
     * Which layer is asked for.
     *
     * @param namespace containerd's namespace
     * @param chainId {@code containerd.io/snapshot.ref}: chain ID of the layer with all its parents, {@code sha256:hex}
     * @param labels all labels of the request
     * @param lowerDirectories the directories of the layers below as overlayfs sees them, the topmost first
     */
    record Request(String namespace, String chainId, Map<String, String> labels, List<Path> lowerDirectories) {
        public Request {
            requireNonNull(namespace, "namespace is null");
            requireNonNull(chainId, "chainId is null");
            labels = Map.copyOf(labels);
            lowerDirectories = List.copyOf(lowerDirectories);
        }
    }

    /** @param bytes space taken on disk, in bytes */
    record Usage(long bytes, long inodes) {}

    /** What {@link #acquire} came to. */
    sealed interface Outcome {
        /** @param image the reference that it was found under, for people */
        record Lazy(LayerKey key, String image) implements Outcome {}

        /**
         * Its bytes are on their way.
         *
         * @param image as of {@link Lazy}
         */
        record UnderWay(String image) implements Outcome {}

        /** @param reason one sentence for the log, without a full stop */
        record NotLazy(String reason) implements Outcome {}
    }
}
