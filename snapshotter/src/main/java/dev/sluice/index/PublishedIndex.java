package dev.sluice.index;

import static java.util.Objects.requireNonNull;

import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import java.time.Instant;
import java.util.Optional;

/**
 * An index artifact as the registry lists it. Nothing about it has been verified.
 *
 * @param artifact digest of its manifest
 * @param subject digest of the image's manifest
 * @param created when it claims to have been made
 * @param key which it claims to be signed with, 16 hexadecimal digits
 */
public record PublishedIndex(Digest artifact, Digest subject, Optional<Instant> created, Optional<String> key) {
    public PublishedIndex {
        requireNonNull(artifact, "artifact is null");
        requireNonNull(subject, "subject is null");
        requireNonNull(created, "created is null");
        requireNonNull(key, "key is null");
    }

    static PublishedIndex of(Digest subject, Descriptor listed) {
        return new PublishedIndex(
                listed.digest(),
                subject,
                IndexArtifact.created(listed.annotations()),
                IndexArtifact.keyId(listed.annotations()));
    }
}
