package dev.sluice.mount;

import static java.util.Objects.requireNonNull;

import dev.sluice.registry.Digest;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Who stands for it that a layer's index tells what its blob holds. A layer is one index of one blob, so what one of them is worth never
 * counts for another index of the blob.
 *
 * @param diffId that all bytes of the layer were found to have, {@code sha256:hex}, by us or by who signed its index: then the layer is right
 *     for everybody who means this diff ID. Empty if nobody has looked at all of them.
 * @param images digests of manifests that name this index for this blob, {@code algorithm:hex}: it is right for these images. Those whose
 *     manifests tell by an annotation of the layer need not be here.
 * @param everybody whether it is right for all images that have the blob
 */
record Vouchers(String diffId, List<String> images, boolean everybody) {
    /** Beyond it, those go that were seen first; they are asked again when it matters. */
    static final int MAX_IMAGES = 1024;

    /** The manifests that name the index by an annotation of the layer, which tells it again whenever it matters. */
    static final Vouchers ANNOTATION = new Vouchers("", List.of(), false);

    /** Whoever may write to a repository that we trust. */
    static final Vouchers REPOSITORY = new Vouchers("", List.of(), true);

    Vouchers {
        requireNonNull(diffId, "diffId is null");
        images = List.copyOf(images);
    }

    /** One who has looked at all bytes. */
    static Vouchers verified(Digest diffId) {
        return new Vouchers(diffId.toString(), List.of(), false);
    }

    /** An image, for itself. */
    static Vouchers image(Digest manifest) {
        return new Vouchers("", List.of(manifest.toString()), false);
    }

    /**
     * All of these and those.
     *
     * @throws IllegalArgumentException if they have verified different diff IDs, which cannot both be right
     */
    Vouchers and(Vouchers more) {
        if (!diffId.isEmpty() && !more.diffId.isEmpty() && !diffId.equals(more.diffId)) {
            throw new IllegalArgumentException(
                    "one layer is said to have the diff IDs " + diffId + " and " + more.diffId);
        }
        List<String> all =
                Stream.concat(images.stream(), more.images.stream()).distinct().toList();
        return new Vouchers(
                diffId.isEmpty() ? more.diffId : diffId,
                all.subList(Math.max(0, all.size() - MAX_IMAGES), all.size()),
                everybody || more.everybody);
    }

    /**
     * Whether the layer is right for an image.
     *
     * @param blobIsIts whether the image names the layer's blob
     * @param imageDiffId that the image's config names
     */
    boolean standFor(Digest manifest, boolean blobIsIts, Digest imageDiffId) {
        return Objects.equals(diffId, imageDiffId.toString())
                || (blobIsIts && (everybody || images.contains(manifest.toString())));
    }
}
