package dev.sluice.layer.zstdchunked;

import dev.sluice.layer.LayerDescriptor;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a manifest says of a layer's table of contents.
 *
 * @param annotation that says it
 * @param digest as it stands there
 * @param ofCompressed whether it is the digest of the compressed bytes, else of the JSON
 * @param position {@code offset:compressed:json:type}, if it is said
 */
record TocClaim(String annotation, String digest, boolean ofCompressed, Optional<String> position) {
    /** Of containers/storage. */
    static final String CHECKSUM = "io.github.containers.zstd-chunked.manifest-checksum";

    private static final String POSITION = "io.github.containers.zstd-chunked.manifest-position";
    /** Of stargz, and of containers/storage until the end of 2022, so these names do not tell who has made a layer. */
    private static final String OLD_CHECKSUM = "io.containers.zstd-chunked.manifest-checksum";

    private static final String OLD_POSITION = "io.containers.zstd-chunked.manifest-position";
    /** Of stargz, beside the other two. */
    private static final String JSON_DIGEST = "containerd.io/snapshot/stargz/toc.digest";

    /**
     * The claim of a manifest. The digest of the compressed bytes comes first where there are two, so that a layer is known by the same
     * digest whatever else is said of it.
     */
    static Optional<TocClaim> of(LayerDescriptor layer) {
        return of(layer, CHECKSUM, true)
                .or(() -> of(layer, OLD_CHECKSUM, true))
                .or(() -> of(layer, JSON_DIGEST, false));
    }

    private static Optional<TocClaim> of(LayerDescriptor layer, String annotation, boolean ofCompressed) {
        return annotation(layer, annotation)
                .map(digest -> new TocClaim(
                        annotation,
                        digest,
                        ofCompressed,
                        annotation(layer, POSITION).or(() -> annotation(layer, OLD_POSITION))));
    }

    private static Optional<String> annotation(LayerDescriptor layer, String name) {
        @Nullable String value = layer.annotations().get(name);
        return Optional.ofNullable(value);
    }
}
