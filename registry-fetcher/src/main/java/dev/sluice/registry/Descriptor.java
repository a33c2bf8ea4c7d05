package dev.sluice.registry;

import static java.util.Objects.requireNonNull;

import java.util.Map;
import java.util.Optional;

/**
 * Points at content in a registry, as the OCI image spec defines it.
 *
 * @param mediaType of the content, as its publisher wrote it
 * @param digest of the content
 * @param size of the content in bytes, at least 0
 * @param annotations unordered
 * @param platform in the manifests of an index
 * @param artifactType in the manifests of an index, and in referrers
 */
public record Descriptor(
        String mediaType,
        Digest digest,
        long size,
        Map<String, String> annotations,
        Optional<Platform> platform,
        Optional<String> artifactType) {

    /** @throws IllegalArgumentException if the size is negative */
    public Descriptor {
        requireNonNull(mediaType, "mediaType is null");
        requireNonNull(digest, "digest is null");
        requireNonNull(platform, "platform is null");
        requireNonNull(artifactType, "artifactType is null");
        annotations = Map.copyOf(annotations);
        if (size < 0) {
            throw new IllegalArgumentException("content of " + size + " bytes");
        }
    }

    /** A descriptor with nothing but its required parts. */
    public Descriptor(String mediaType, Digest digest, long size) {
        this(mediaType, digest, size, Map.of(), Optional.empty(), Optional.empty());
    }

    public Descriptor withAnnotations(Map<String, String> newAnnotations) {
        return new Descriptor(mediaType, digest, size, newAnnotations, platform, artifactType);
    }
}
