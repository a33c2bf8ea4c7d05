package dev.sluice.index;

import static java.util.Objects.requireNonNull;

import dev.sluice.image.ResolvedImage;
import dev.sluice.registry.Deadline;
import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.Fetched;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.MediaTypes;
import dev.sluice.registry.Platform;
import dev.sluice.registry.RegistryClient;
import dev.sluice.registry.RegistryException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Puts index artifacts into the repositories of their images, lists and removes them. Safe for use by many threads. */
public final class IndexPublisher {
    private static final Comparator<PublishedIndex> OLDEST_FIRST =
            Comparator.comparing(PublishedIndex::created, Comparator.comparing(created -> created.orElse(Instant.MIN)));

    private final RegistryClient registry;
    private final InstantSource clock;
    private final Duration timeout;

    /** @param timeout for one publication, listing or removal */
    public IndexPublisher(RegistryClient registry, InstantSource clock, Duration timeout) {
        this.registry = requireNonNull(registry, "registry is null");
        this.clock = requireNonNull(clock, "clock is null");
        this.timeout = requireNonNull(timeout, "timeout is null");
    }

    /**
     * Pushes the indexes of an image's layers, and an artifact that refers to the image.
     *
     * @param image must be in its repository
     * @param indexes at least one; not every layer of the image needs to have one
     * @return digest of the artifact's manifest: what is pinned
     * @throws InvalidIndexException if the image does not have such layers, or an index is too large
     * @throws RegistryException if the registry cannot be reached, or does not take it
     */
    public Digest publish(ResolvedImage image, List<LayerIndexBlob> indexes, Optional<SigningKey> signingKey)
            throws IOException {
        Deadline deadline = Deadline.after(timeout);
        ImageReference repository = image.reference();
        for (LayerIndexBlob index : indexes) {
            ImageLayers.require(image, index.layer(), index.diffId());
        }
        Descriptor subject = registry.manifest(repository.withDigest(image.manifestDigest()), deadline)
                .descriptor();
        IndexArtifact.Built built =
                IndexArtifact.build(subject, indexes, clock.instant().truncatedTo(ChronoUnit.SECONDS), signingKey);
        for (LayerIndexBlob index : indexes) {
            Descriptor blob =
                    new Descriptor(IndexArtifact.LAYER_TYPE, Digest.sha256(index.content()), index.content().length);
            registry.pushBlob(repository, blob, index.content(), deadline);
        }
        registry.pushBlob(repository, built.config(), built.configBytes(), deadline);
        Digest artifact = Digest.sha256(built.manifest());
        registry.putManifest(repository.withDigest(artifact), MediaTypes.OCI_MANIFEST, built.manifest(), deadline);
        return artifact;
    }

    /**
     * The index artifacts of an image for this machine's platform, the oldest first. They are listed as the registry lists them, acceptable
     * or not.
     *
     * @param image with a tag or digest
     */
    public List<PublishedIndex> list(ImageReference image) throws RegistryException {
        Deadline deadline = Deadline.after(timeout);
        Digest subject = registry.manifest(image, Platform.linuxHere(), deadline)
                .descriptor()
                .digest();
        return registry.referrers(image, subject, IndexArtifact.TYPE, deadline).stream()
                .map(listed -> PublishedIndex.of(subject, listed))
                .sorted(OLDEST_FIRST)
                .toList();
    }

    /**
     * Deletes an index artifact. The registry frees its blobs when it collects garbage.
     *
     * @param repository tag and digest do not matter
     * @param artifact digest of its manifest
     * @throws InvalidIndexException if it is something else than an index artifact; then it is left alone
     * @throws RegistryException.Unsupported if the registry does not delete
     */
    public void remove(ImageReference repository, Digest artifact) throws IOException {
        Deadline deadline = Deadline.after(timeout);
        ImageReference reference = repository.withDigest(artifact);
        Fetched manifest = registry.manifest(reference, deadline);
        try {
            var unused = IndexArtifact.parse(manifest);
        } catch (InvalidIndexException e) {
            throw new InvalidIndexException(
                    "Tried to remove the index " + reference + " but failed because: " + e.getMessage(), e);
        }
        registry.deleteManifest(reference, deadline);
    }
}
