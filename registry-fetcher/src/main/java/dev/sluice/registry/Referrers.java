package dev.sluice.registry;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Manifests that are about another one, their subject: by the API of the distribution spec, else by its tags. Safe for use by many threads. */
final class Referrers {
    private static final int MAX_PAGES = 16;
    private static final int MAX_REFERRERS = 1024;

    private final RegistryCaller caller;
    private final ReferrersTag tag;
    private final int maxManifest;

    Referrers(RegistryCaller caller, int maxManifest) {
        this.caller = caller;
        this.maxManifest = maxManifest;
        tag = new ReferrersTag(caller, maxManifest);
    }

    /** Those of a type; at most the first 1024, from at most 16 pages. */
    List<Descriptor> of(ImageReference repository, Digest subject, String artifactType, Deadline deadline)
            throws RegistryException {
        return all(repository, subject, artifactType, deadline).stream()
                .filter(referrer -> referrer.artifactType().equals(Optional.of(artifactType)))
                .limit(MAX_REFERRERS)
                .toList();
    }

    private List<Descriptor> all(ImageReference repository, Digest subject, String artifactType, Deadline deadline)
            throws RegistryException {
        List<Descriptor> found = new ArrayList<>();
        Optional<String> next = Optional.empty();
        try {
            for (int pages = 0; pages < MAX_PAGES; pages++) {
                ReferrersPage.Page page = caller.call(
                        repository.host(),
                        new ReferrersPage(repository, subject, artifactType, next, maxManifest),
                        deadline);
                found.addAll(page.referrers());
                if (page.next().isEmpty() || found.size() >= MAX_REFERRERS) {
                    break;
                }
                next = page.next();
            }
            return found;
        } catch (RegistryException.NotFound | RegistryException.Unsupported e) {
            if (next.isPresent()) {
                throw e;
            }
            return tag.list(repository, subject, deadline);
        }
    }

    /**
     * Makes a manifest that was pushed known to those who ask about its subject, where the registry has not done that itself.
     *
     * @param noticed the subject that the registry has said it noticed
     * @return whether the registry did it
     */
    boolean pushed(
            ImageReference repository, Descriptor manifest, byte[] content, Optional<Digest> noticed, Deadline deadline)
            throws RegistryException {
        Optional<About> about = About.of(content);
        if (about.isEmpty()) {
            return noticed.isPresent();
        }
        if (noticed.equals(Optional.of(about.get().subject))) {
            return true;
        }
        Descriptor referrer = new Descriptor(
                manifest.mediaType(),
                manifest.digest(),
                manifest.size(),
                about.get().annotations,
                Optional.empty(),
                about.get().artifactType);
        tag.add(repository, about.get().subject, referrer, deadline);
        return false;
    }

    /** Takes a manifest that is about to be deleted out of the list of its subject, where that is a tag's. */
    void deleting(ImageReference repository, Fetched manifest, Deadline deadline) throws RegistryException {
        Optional<About> about = About.of(manifest.content());
        if (about.isPresent()) {
            tag.remove(repository, about.get().subject, manifest.descriptor().digest(), deadline);
        }
    }

    /** What a list of referrers tells of a manifest or index. */
    private record About(Digest subject, Optional<String> artifactType, Map<String, String> annotations) {
        /** Empty if it has no subject, or none that can be understood. */
        static Optional<About> of(byte[] content) {
            try {
                Optional<JsonNode> root = Json.object(content);
                if (root.isEmpty() || !root.get().hasNonNull("subject")) {
                    return Optional.empty();
                }
                if (root.get().has("manifests")) {
                    ImageIndex index = ImageIndex.parse(content, MediaTypes.OCI_INDEX);
                    return index.subject()
                            .map(subject -> new About(subject.digest(), index.artifactType(), index.annotations()));
                }
                Manifest manifest = Manifest.parse(content, MediaTypes.OCI_MANIFEST);
                Optional<String> type = manifest.artifactType()
                        .or(() -> Optional.of(manifest.config().mediaType()));
                return manifest.subject().map(subject -> new About(subject.digest(), type, manifest.annotations()));
            } catch (InvalidManifestException e) {
                return Optional.empty();
            }
        }
    }
}
