package dev.sluice.containerd;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.Map;

/**
 * A blob in containerd's content store.
 *
 * @param digest {@code algorithm:hex}, as containerd tells it
 * @param size in bytes
 * @param updatedAt when its labels changed; long ago if they never did, and in the lists of containerd 1.x
 */
public record ContentInfo(String digest, long size, Instant createdAt, Instant updatedAt, Map<String, String> labels) {
    public ContentInfo {
        requireNonNull(digest, "digest is null");
        requireNonNull(createdAt, "createdAt is null");
        requireNonNull(updatedAt, "updatedAt is null");
        labels = Map.copyOf(labels);
    }
}
