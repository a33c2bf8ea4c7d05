package dev.sluice.image;

import dev.sluice.containerd.ContentInfo;
import dev.sluice.containerd.ContentStore;
import dev.sluice.containerd.Filters;
import dev.sluice.registry.Deadline;
import dev.sluice.registry.Digest;
import dev.sluice.registry.InvalidManifestException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds images by a chain ID in containerd's content store. containerd stores manifest and config before it prepares the first
 * snapshot, and labels the manifest with the digest of the config for its garbage collection.
 */
final class ContentSearch {
    private static final Logger log = LoggerFactory.getLogger(ContentSearch.class);

    private static final String CONFIG_LABEL = "containerd.io/gc.ref.content.config";
    private static final int MAX_MANIFESTS = 100_000;
    /** So many images may share a layer; of more, the oldest are not looked at. */
    private static final int MAX_MATCHES = 64;

    private final ContentStore content;
    private final ImageLoader loader;
    private final RecentManifests recent = new RecentManifests(System::nanoTime);

    ContentSearch(ContentStore content, ImageLoader loader) {
        this.content = content;
        this.loader = loader;
    }

    /**
     * The images of a namespace that have a layer with this chain ID, the one that was pulled last first.
     *
     * @param limit how many are wanted
     * @throws IOException if containerd cannot be asked in time
     */
    List<Match> search(String namespace, Digest chainId, int limit, Deadline deadline) throws IOException {
        List<ContentInfo> manifests = manifests(namespace, deadline);
        manifests.sort(Comparator.comparing(ContentInfo::createdAt).reversed());
        List<Match> matches = new ArrayList<>();
        for (ContentInfo info : manifests) {
            if (matches.size() == MAX_MATCHES) {
                break;
            }
            requireTime(namespace, deadline);
            match(namespace, info, chainId, deadline).ifPresent(matches::add);
        }
        return lastPulledFirst(namespace, matches, deadline).stream()
                .limit(limit)
                .toList();
    }

    /**
     * What all images of a namespace say of some chain IDs.
     *
     * @param momentAgo whether it suffices to know what images there were a moment ago
     * @throws IOException if containerd cannot be asked in time
     */
    List<LayerClaim> claims(String namespace, Set<String> chainIds, boolean momentAgo, Deadline deadline)
            throws IOException {
        Optional<List<Digest>> known = momentAgo ? recent.take(namespace, chainIds) : Optional.empty();
        List<Digest> manifests = known.isPresent() ? known.get() : listFor(namespace, chainIds, deadline);
        List<LayerClaim> claims = new ArrayList<>();
        for (Digest manifest : manifests) {
            requireTime(namespace, deadline);
            image(namespace, manifest, deadline).ifPresent(image -> {
                for (int layer = 0; layer < image.chainIds().size(); layer++) {
                    String chainId = image.chainIds().get(layer).toString();
                    if (chainIds.contains(chainId)) {
                        claims.add(new LayerClaim(
                                image.manifestDigest(),
                                chainId,
                                image.manifest().layers().get(layer),
                                image.diffIds().get(layer)));
                    }
                }
            });
        }
        return claims;
    }

    private List<Digest> listFor(String namespace, Set<String> chainIds, Deadline deadline) throws IOException {
        long now = recent.now();
        List<Digest> manifests = manifests(namespace, deadline).stream()
                .map(ContentSearch::digest)
                .flatMap(Optional::stream)
                .toList();
        recent.put(namespace, chainIds, now, manifests);
        return manifests;
    }

    /** Empty if the namespace has no such manifest. */
    Optional<ContentInfo> info(String namespace, Digest manifestDigest, Deadline deadline) throws IOException {
        return content.info(namespace, manifestDigest.toString(), deadline.remaining());
    }

    /** The image of a manifest; empty if the namespace does not have it, or it has no layer with this chain ID. */
    Optional<Match> match(String namespace, Digest manifestDigest, Digest chainId, Deadline deadline)
            throws IOException {
        Optional<ContentInfo> info = info(namespace, manifestDigest, deadline);
        return info.isPresent() ? match(namespace, info.get(), chainId, deadline) : Optional.empty();
    }

    private List<ContentInfo> manifests(String namespace, Deadline deadline) throws IOException {
        return new ArrayList<>(
                content.list(namespace, List.of(Filters.hasLabel(CONFIG_LABEL)), MAX_MANIFESTS, deadline.remaining()));
    }

    private static void requireTime(String namespace, Deadline deadline) throws IOException {
        if (deadline.hasPassed()) {
            throw new IOException("Tried to find chain IDs in the content of namespace " + namespace
                    + " but failed because: it took too long");
        }
    }

    /** Pulling an image again updates its labels. When, containerd 1.x tells only for a single blob, not in a list. */
    private List<Match> lastPulledFirst(String namespace, List<Match> matches, Deadline deadline) throws IOException {
        if (matches.size() < 2) {
            return matches;
        }
        List<Match> updated = new ArrayList<>();
        for (Match match : matches) {
            content.info(namespace, match.info().digest(), deadline.remaining())
                    .ifPresent(info -> updated.add(new Match(match.image(), match.layerIndex(), info)));
        }
        updated.sort(
                Comparator.comparing((Match match) -> lastPulled(match.info())).reversed());
        return updated;
    }

    /** What was never updated has no time of it. */
    private static Instant lastPulled(ContentInfo info) {
        return info.updatedAt().isAfter(info.createdAt()) ? info.updatedAt() : info.createdAt();
    }

    private Optional<Match> match(String namespace, ContentInfo info, Digest chainId, Deadline deadline)
            throws IOException {
        Optional<Digest> digest = digest(info);
        Optional<ParsedImage> image = digest.isPresent() ? image(namespace, digest.get(), deadline) : Optional.empty();
        OptionalInt layer = image.isPresent() ? image.get().layerOf(chainId) : OptionalInt.empty();
        return layer.isPresent() ? Optional.of(new Match(image.get(), layer.getAsInt(), info)) : Optional.empty();
    }

    /** Empty for digests of a kind that we do not know. */
    private static Optional<Digest> digest(ContentInfo info) {
        try {
            return Optional.of(Digest.parse(info.digest()));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Empty for what is no image: other artifacts carry the same label. */
    private Optional<ParsedImage> image(String namespace, Digest digest, Deadline deadline) throws IOException {
        try {
            return loader.stored(namespace, digest, deadline);
        } catch (InvalidImageException | InvalidManifestException e) {
            log.debug("{} in namespace {} is not an image: {}", digest, namespace, e.getMessage());
            return Optional.empty();
        }
    }

    /**
     * @param layerIndex of the layer with the chain ID
     * @param info of the manifest
     */
    record Match(ParsedImage image, int layerIndex, ContentInfo info) {}
}
