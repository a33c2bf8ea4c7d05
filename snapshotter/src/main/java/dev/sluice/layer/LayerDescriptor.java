package dev.sluice.layer;

import static java.util.Objects.requireNonNull;

import java.util.Map;

/**
 * What a manifest says of a layer.
 *
 * @param digest of the blob, {@code algorithm:hex}
 * @param size of the blob in bytes
 */
public record LayerDescriptor(String mediaType, String digest, long size, Map<String, String> annotations) {
    public LayerDescriptor {
        requireNonNull(mediaType, "mediaType is null");
        requireNonNull(digest, "digest is null");
        annotations = Map.copyOf(annotations);
    }
}
