package dev.sluice.registry;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The manifest of one image: OCI, or Docker's schema 2, which has the same shape.
 *
 * @param mediaType one of {@link MediaTypes#isManifest}
 * @param config the image's configuration
 * @param layers from the lowest to the topmost
 * @param annotations of the manifest itself
 * @param subject the manifest that this one is about
 * @param artifactType what this is, if not an image
 */
public record Manifest(
        String mediaType,
        Descriptor config,
        List<Descriptor> layers,
        Map<String, String> annotations,
        Optional<Descriptor> subject,
        Optional<String> artifactType) {

    public Manifest {
        requireNonNull(mediaType, "mediaType is null");
        requireNonNull(config, "config is null");
        requireNonNull(subject, "subject is null");
        requireNonNull(artifactType, "artifactType is null");
        layers = List.copyOf(layers);
        annotations = Map.copyOf(annotations);
    }

    /**
     * Parses a manifest. The caller has verified its digest and bounded its size.
     *
     * @param mediaType of the descriptor that pointed here
     * @throws InvalidManifestException if it is malformed, or something else than a manifest, or claims to be two things at once
     */
    public static Manifest parse(byte[] json, String mediaType) throws InvalidManifestException {
        return ManifestParser.manifest(json, mediaType);
    }

    /** The manifest as UTF-8 JSON that {@link #parse} reads back; the same bytes for equal manifests. */
    public byte[] toJson() {
        return ManifestWriter.json(this);
    }
}
