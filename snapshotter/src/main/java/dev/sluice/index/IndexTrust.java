package dev.sluice.index;

import static java.util.Objects.requireNonNull;

import dev.sluice.registry.Digest;
import java.util.List;
import java.util.Map;

/**
 * Which indexes are believed.
 *
 * @param policy decides which of the others counts
 * @param pinned from digests of image manifests to digests of artifact manifests
 * @param keys whose signatures count
 */
public record IndexTrust(IndexPolicy policy, Map<Digest, Digest> pinned, List<VerificationKey> keys) {
    public IndexTrust {
        requireNonNull(policy, "policy is null");
        pinned = Map.copyOf(pinned);
        keys = List.copyOf(keys);
    }
}
