package dev.sluice.index;

import static java.util.Objects.requireNonNull;

import dev.sluice.image.ResolvedImage;
import dev.sluice.registry.Deadline;
import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.RegistryClient;
import dev.sluice.registry.RegistryException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Finds the indexes of an image's layers that somebody has published beside the image, and that the policy accepts. Safe for use by many
 * threads.
 */
public final class IndexFinder {
    private static final Duration FOUND_VALID = Duration.ofMinutes(10);
    /** One may be pushed any moment. */
    private static final Duration NOTHING_VALID = Duration.ofSeconds(30);
    /** A registry that was not reached may be back soon. */
    private static final Duration FAILURE_VALID = Duration.ofSeconds(5);

    private static final int MAX_CANDIDATES = 8;

    private final RegistryClient registry;
    private final IndexLoader loader;
    private final IndexTrust trust;
    private final Duration timeout;
    private final SearchCache cache;
    private final SociFinder soci;

    /** @param timeout for one search, all requests together */
    public IndexFinder(RegistryClient registry, IndexTrust trust, Duration timeout) {
        this(registry, trust, timeout, System::nanoTime);
    }

    IndexFinder(RegistryClient registry, IndexTrust trust, Duration timeout, LongSupplier nanoTime) {
        this.registry = requireNonNull(registry, "registry is null");
        this.trust = requireNonNull(trust, "trust is null");
        this.timeout = requireNonNull(timeout, "timeout is null");
        loader = new IndexLoader(registry);
        cache = new SearchCache(nanoTime);
        soci = new SociFinder(registry, trust, timeout, nanoTime);
    }

    /** Finds the indexes that soci has made, by the same policy. */
    public SociFinder soci() {
        return soci;
    }

    /**
     * Looks for the indexes of an image. Never fails: whatever is in the way is the reason why nothing was found. Results are kept for
     * a while; which layer of the image is meant does not matter.
     */
    public IndexSearch find(ResolvedImage image) {
        return switch (trust.policy()) {
            case OFF -> new IndexSearch.NotFound("published indexes are turned off");
            case PINNED ->
                pinned(image)
                        .map(artifact -> cached(image, () -> pinned(image, artifact)))
                        .orElseGet(() -> new IndexSearch.NotFound("no index is pinned for " + image.manifestDigest()));
            case SIGNED -> cached(image, () -> referring(image, Optional.of(trust.keys())));
            case SAME_REGISTRY -> cached(image, () -> referring(image, Optional.empty()));
        };
    }

    /**
     * Fetches the index of one layer. Its digest is verified, so it is what the artifact named; what it says is not looked at.
     *
     * @throws RegistryException if it cannot be fetched in time, or does not have its digest
     */
    public byte[] fetch(LayerIndexRef ref, Duration within) throws RegistryException {
        return registry.blob(ref.repository(), ref.index(), IndexConfig.MAX_INDEX, Deadline.after(within));
    }

    private IndexSearch cached(ResolvedImage image, Search search) {
        SearchCache.Key key = new SearchCache.Key(image.reference().name(), image.manifestDigest());
        return cache.get(key, () -> outcome(image, search), timeout);
    }

    interface Search {
        IndexSearch search() throws IOException;
    }

    /** What comes of a search, a failure included, and for how long it is kept. */
    static SearchCache.Outcome outcome(ResolvedImage image, Search search) {
        try {
            IndexSearch result = search.search();
            return new SearchCache.Outcome(
                    result, result instanceof IndexSearch.NotFound ? NOTHING_VALID : FOUND_VALID);
        } catch (IOException e) {
            return new SearchCache.Outcome(
                    new IndexSearch.NotFound(
                            "the index of " + image.manifestDigest() + " cannot be used: " + e.getMessage()),
                    e instanceof RegistryException.Unavailable ? FAILURE_VALID : NOTHING_VALID);
        }
    }

    private Optional<Digest> pinned(ResolvedImage image) {
        Optional<Digest> configured = Optional.ofNullable(trust.pinned().get(image.manifestDigest()));
        try {
            return configured.or(
                    () -> Optional.ofNullable(image.manifest().annotations().get(IndexArtifact.PIN))
                            .map(Digest::parse));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private IndexSearch pinned(ResolvedImage image, Digest artifact) throws IOException {
        IndexSearch.Voucher voucher = trust.pinned().containsKey(image.manifestDigest())
                ? IndexSearch.Voucher.CONFIGURATION
                : IndexSearch.Voucher.IMAGE;
        return loader.load(image, artifact, voucher, Optional.empty(), Deadline.after(timeout));
    }

    /** The first that is acceptable, the newest first; but those that name a trusted key before all others. */
    private IndexSearch referring(ResolvedImage image, Optional<List<VerificationKey>> keys) throws IOException {
        Deadline deadline = Deadline.after(timeout);
        List<Descriptor> candidates = new ArrayList<>(
                registry.referrers(image.reference(), image.manifestDigest(), IndexArtifact.TYPE, deadline));
        candidates.sort(Comparator.comparing((Descriptor candidate) -> !namesOneOf(keys, candidate))
                .thenComparing(IndexFinder::created, Comparator.reverseOrder()));
        IndexSearch.Voucher voucher =
                keys.isPresent() ? IndexSearch.Voucher.CONFIGURATION : IndexSearch.Voucher.REPOSITORY;
        List<String> objections = new ArrayList<>();
        for (Descriptor candidate : candidates.subList(0, Math.min(candidates.size(), MAX_CANDIDATES))) {
            try {
                return loader.load(image, candidate.digest(), voucher, keys, deadline);
            } catch (RegistryException.Unavailable e) {
                throw e;
            } catch (InvalidIndexException | RegistryException e) {
                objections.add(candidate.digest() + ": " + e.getMessage());
            }
        }
        return new IndexSearch.NotFound(
                objections.isEmpty()
                        ? image.reference().name() + " has no index of " + image.manifestDigest()
                        : "no index of " + image.manifestDigest() + " is acceptable: " + String.join("; ", objections));
    }

    private static boolean namesOneOf(Optional<List<VerificationKey>> keys, Descriptor candidate) {
        Optional<String> id = IndexArtifact.keyId(candidate.annotations());
        return id.isPresent()
                && keys.orElse(List.of()).stream().anyMatch(key -> key.id().equals(id.get()));
    }

    private static Instant created(Descriptor candidate) {
        return IndexArtifact.created(candidate.annotations()).orElse(Instant.MIN);
    }
}
