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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Finds the SOCI index of an image, if the policy accepts it: {@link IndexPolicy#PINNED} one that our configuration or the image's
 * manifest names, {@link IndexPolicy#SAME_REGISTRY} one that the image's manifest names, or else one that refers to it. Nobody signs SOCI
 * indexes. Safe for use by many threads.
 */
public final class SociFinder {
    private static final int MAX_CANDIDATES = 8;

    private final RegistryClient registry;
    private final IndexTrust trust;
    private final Duration timeout;
    private final SearchCache cache;

    /**
     * @param timeout for one search, all requests together
     * @param nanoTime as {@link System#nanoTime}
     */
    SociFinder(RegistryClient registry, IndexTrust trust, Duration timeout, LongSupplier nanoTime) {
        this.registry = requireNonNull(registry, "registry is null");
        this.trust = requireNonNull(trust, "trust is null");
        this.timeout = requireNonNull(timeout, "timeout is null");
        cache = new SearchCache(nanoTime);
    }

    /** Like {@link IndexFinder#find}. What is found is {@link IndexSearch.FoundSoci}. */
    public IndexSearch find(ResolvedImage image) {
        Optional<Digest> configured = Optional.ofNullable(trust.pinned().get(image.manifestDigest()));
        return switch (trust.policy()) {
            case OFF -> new IndexSearch.NotFound("published indexes are turned off");
            case SIGNED -> new IndexSearch.NotFound("SOCI indexes are not signed");
            case PINNED -> {
                IndexSearch.Voucher voucher =
                        configured.isPresent() ? IndexSearch.Voucher.CONFIGURATION : IndexSearch.Voucher.IMAGE;
                yield configured
                        .or(() -> named(image))
                        .map(artifact -> cached(image, () -> load(image, artifact, voucher, deadline())))
                        .orElseGet(() ->
                                new IndexSearch.NotFound("no SOCI index is pinned for " + image.manifestDigest()));
            }
            case SAME_REGISTRY -> cached(image, () -> namedOrReferring(image));
        };
    }

    /**
     * Fetches the ztoc of one layer. Its digest is verified; what it says is not looked at.
     *
     * @param maxBytes most bytes to take
     * @throws RegistryException if it cannot be fetched in time, is longer, or does not have its digest
     */
    public byte[] ztoc(SociLayerRef ref, long maxBytes, Duration within) throws RegistryException {
        return registry.blob(
                ref.repository(), ref.ztoc(), Math.min(maxBytes, IndexConfig.MAX_INDEX), Deadline.after(within));
    }

    /** Fetches what says which spans of one layer are wanted at start, if there is such a blob; as {@link #ztoc}. */
    public Optional<byte[]> prefetch(SociLayerRef ref, Duration within) throws RegistryException {
        return ref.prefetch().isEmpty()
                ? Optional.empty()
                : Optional.of(registry.blob(
                        ref.repository(), ref.prefetch().get(), SociArtifact.MAX_PREFETCH, Deadline.after(within)));
    }

    private Deadline deadline() {
        return Deadline.after(timeout);
    }

    private IndexSearch cached(ResolvedImage image, IndexFinder.Search search) {
        SearchCache.Key key = new SearchCache.Key(image.reference().name(), image.manifestDigest());
        return cache.get(key, () -> IndexFinder.outcome(image, search), timeout);
    }

    /** What the image's manifest names; a malformed name counts as none. */
    private static Optional<Digest> named(ResolvedImage image) {
        try {
            return Optional.ofNullable(image.manifest().annotations().get(SociArtifact.PIN))
                    .map(Digest::parse);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private IndexSearch.FoundSoci load(
            ResolvedImage image, Digest artifact, IndexSearch.Voucher voucher, Deadline deadline)
            throws InvalidIndexException, RegistryException {
        return new IndexSearch.FoundSoci(
                artifact,
                voucher,
                SociArtifact.parse(
                        registry.manifest(image.reference().withDigest(artifact), deadline),
                        image.reference(),
                        image.manifestDigest()));
    }

    private IndexSearch namedOrReferring(ResolvedImage image) throws IOException {
        Deadline deadline = deadline();
        Optional<Digest> named = named(image);
        return named.isPresent()
                ? load(image, named.get(), IndexSearch.Voucher.IMAGE, deadline)
                : referring(image, deadline);
    }

    /** The first that is acceptable, in the registry's order: SOCI says nothing of which is the newest. */
    private IndexSearch referring(ResolvedImage image, Deadline deadline) throws IOException {
        List<Descriptor> candidates =
                registry.referrers(image.reference(), image.manifestDigest(), SociArtifact.TYPE_V1, deadline);
        List<String> objections = new ArrayList<>();
        for (Descriptor candidate : candidates.subList(0, Math.min(candidates.size(), MAX_CANDIDATES))) {
            try {
                return load(image, candidate.digest(), IndexSearch.Voucher.REPOSITORY, deadline);
            } catch (RegistryException.Unavailable e) {
                throw e;
            } catch (InvalidIndexException | RegistryException e) {
                objections.add(candidate.digest() + ": " + e.getMessage());
            }
        }
        return new IndexSearch.NotFound(
                objections.isEmpty()
                        ? image.reference().name() + " has no SOCI index of " + image.manifestDigest()
                        : "no SOCI index of " + image.manifestDigest() + " is acceptable: "
                                + String.join("; ", objections));
    }
}
