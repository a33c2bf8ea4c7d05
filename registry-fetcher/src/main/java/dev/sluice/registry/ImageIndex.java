package dev.sluice.registry;

import static java.util.Objects.requireNonNull;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A list of manifests: an OCI index, or Docker's manifest list, which has the same shape.
 *
 * @param mediaType one of {@link MediaTypes#isIndex}
 * @param manifests in the publisher's order
 * @param annotations of the index itself
 * @param subject the manifest that this one is about
 * @param artifactType what this is, if not a list of images
 */
public record ImageIndex(
        String mediaType,
        List<Descriptor> manifests,
        Map<String, String> annotations,
        Optional<Descriptor> subject,
        Optional<String> artifactType) {

    public ImageIndex {
        requireNonNull(mediaType, "mediaType is null");
        requireNonNull(subject, "subject is null");
        requireNonNull(artifactType, "artifactType is null");
        manifests = List.copyOf(manifests);
        annotations = Map.copyOf(annotations);
    }

    /**
     * Parses an index. The caller has verified its digest and bounded its size.
     *
     * @param mediaType of the descriptor that pointed here
     * @throws InvalidManifestException if it is malformed, or something else than an index, or claims to be two things at once
     */
    public static ImageIndex parse(byte[] json, String mediaType) throws InvalidManifestException {
        return ManifestParser.index(json, mediaType);
    }

    /**
     * The manifests that a machine runs, the best first, in the publisher's order where they are equal. Those that do not
     * name a platform come last: only their configuration can tell.
     */
    public List<Descriptor> candidates(Platform machine) {
        return manifests.stream()
                .filter(m -> m.platform().map(machine::runs).orElse(true))
                .sorted(Comparator.comparingInt(m -> m.platform()
                        .map(p -> machine.preference(p).orElseThrow())
                        .orElse(Integer.MAX_VALUE)))
                .toList();
    }
}
