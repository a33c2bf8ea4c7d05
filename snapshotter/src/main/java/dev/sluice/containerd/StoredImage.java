package dev.sluice.containerd;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.Map;

/**
 * A name in containerd's image store.
 *
 * @param name usually a reference with its host; containerd takes any text
 * @param targetDigest {@code algorithm:hex} of the manifest or index that the name points at
 * @param targetMediaType of the same
 */
public record StoredImage(
        String name, String targetDigest, String targetMediaType, Instant updatedAt, Map<String, String> labels) {
    public StoredImage {
        requireNonNull(name, "name is null");
        requireNonNull(targetDigest, "targetDigest is null");
        requireNonNull(targetMediaType, "targetMediaType is null");
        requireNonNull(updatedAt, "updatedAt is null");
        labels = Map.copyOf(labels);
    }
}
