package dev.sluice.registry;

import java.util.Optional;

/** Finds the manifest for a platform, as containerd's default matcher does. */
final class PlatformResolver {
    private static final int MAX_CONFIG = 4 << 20;

    private final RegistryClient client;
    private final int maxDepth;

    /** @param maxDepth how many indexes may lie between a reference and its manifest */
    PlatformResolver(RegistryClient client, int maxDepth) {
        this.client = client;
        this.maxDepth = maxDepth;
    }

    record Resolved(Manifest manifest, Fetched fetched) {}

    Resolved resolve(ImageReference reference, Platform platform, Deadline deadline) throws RegistryException {
        Task task = new Task("resolve " + reference + " for " + platform, reference.host());
        return follow(reference, platform, deadline, task, 0)
                .orElseThrow(() -> task.notFound("the index has no manifest for this platform"));
    }

    private Optional<Resolved> follow(
            ImageReference reference, Platform platform, Deadline deadline, Task task, int depth)
            throws RegistryException {
        Fetched fetched = client.manifest(reference, deadline);
        try {
            if (!MediaTypes.isIndex(fetched.descriptor().mediaType())) {
                Manifest manifest =
                        Manifest.parse(fetched.content(), fetched.descriptor().mediaType());
                return Optional.of(new Resolved(manifest, fetched));
            }
            if (depth >= maxDepth) {
                throw task.protocol("more than " + maxDepth + " indexes point at each other");
            }
            ImageIndex index =
                    ImageIndex.parse(fetched.content(), fetched.descriptor().mediaType());
            for (Descriptor candidate : index.candidates(platform)) {
                if (!MediaTypes.isManifest(candidate.mediaType()) && !MediaTypes.isIndex(candidate.mediaType())) {
                    continue;
                }
                ImageReference pinned = reference.withDigest(candidate.digest());
                Optional<Resolved> found = follow(pinned, platform, deadline, task, depth + 1);
                if (found.isPresent() && isMeant(found.get(), candidate, reference, platform, deadline)) {
                    return found;
                }
            }
            return Optional.empty();
        } catch (InvalidManifestException e) {
            throw task.protocol(String.valueOf(e.getMessage()), e);
        }
    }

    /** An index that does not name the platform leaves it to the configuration of the image. */
    private boolean isMeant(
            Resolved found, Descriptor candidate, ImageReference reference, Platform platform, Deadline deadline)
            throws RegistryException, InvalidManifestException {
        if (candidate.platform().isPresent()) {
            return true;
        }
        byte[] config = client.blob(reference, found.manifest.config(), MAX_CONFIG, deadline);
        return platform.runs(ManifestParser.platformOfConfig(config));
    }
}
