package dev.sluice.image;

import static java.util.Objects.requireNonNull;

import dev.sluice.registry.Digest;
import dev.sluice.registry.ImageReference;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What snapshot labels say about the image that is being pulled. It is the client's word, nothing is proven.
 *
 * @param reference as the client was given it
 * @param manifestDigest of the manifest for this machine's platform
 * @param layerDigest of the layer's blob
 */
record ImageClaim(ImageReference reference, Optional<Digest> manifestDigest, Optional<Digest> layerDigest) {
    private static final String PREFIX = "containerd.io/snapshot/";
    /** From containerd's CRI plugin, its transfer service and nerdctl ({@code pkg/snapshotters/annotations.go}). */
    private static final String CRI_REFERENCE = PREFIX + "cri.image-ref";

    private static final String CRI_MANIFEST = PREFIX + "cri.manifest-digest";
    private static final String CRI_LAYER = PREFIX + "cri.layer-digest";
    /** From {@code ctr-remote images rpull}; it names no manifest. */
    private static final String STARGZ_REFERENCE = PREFIX + "remote/stargz.reference";

    private static final String STARGZ_LAYER = PREFIX + "remote/stargz.digest";

    ImageClaim {
        requireNonNull(reference, "reference is null");
        requireNonNull(manifestDigest, "manifestDigest is null");
        requireNonNull(layerDigest, "layerDigest is null");
    }

    /** Empty if no label names an image. What is malformed counts as absent. */
    static Optional<ImageClaim> of(Map<String, String> labels) {
        Optional<ImageClaim> cri = reference(labels, CRI_REFERENCE)
                .map(reference -> new ImageClaim(reference, digest(labels, CRI_MANIFEST), digest(labels, CRI_LAYER)));
        return cri.or(() -> reference(labels, STARGZ_REFERENCE)
                .map(reference -> new ImageClaim(reference, Optional.empty(), digest(labels, STARGZ_LAYER))));
    }

    private static Optional<ImageReference> reference(Map<String, String> labels, String name) {
        return parse(labels, name, text -> ImageReference.parse(text).withDefaultTag());
    }

    private static Optional<Digest> digest(Map<String, String> labels, String name) {
        return parse(labels, name, Digest::parse);
    }

    private static <T> Optional<T> parse(Map<String, String> labels, String name, Function<String, T> parser) {
        Optional<String> text = Optional.ofNullable(labels.get(name));
        try {
            return text.map(parser);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
