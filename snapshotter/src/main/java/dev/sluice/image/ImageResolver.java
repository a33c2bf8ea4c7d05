package dev.sluice.image;

import dev.sluice.containerd.ContainerdClient;
import dev.sluice.containerd.ContentInfo;
import dev.sluice.registry.Deadline;
import dev.sluice.registry.Digest;
import dev.sluice.registry.Fetched;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.Platform;
import dev.sluice.registry.RegistryClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out which image a snapshot belongs to. Where the client put the image into the snapshot's labels, that image is taken,
 * after its config has confirmed the chain ID. Where it did not, containerd's content store is searched for manifests with the
 * chain ID, and the registries they seem to come from are asked for them. Safe for use by many threads.
 */
public final class ImageResolver {
    private static final Logger log = LoggerFactory.getLogger(ImageResolver.class);

    private static final int MAX_CANDIDATES = 4;
    private static final Duration REFERENCE_TIMEOUT = Duration.ofSeconds(60);
    /** Once there is a candidate, others are worth only little time. */
    private static final Duration FURTHER_CANDIDATE = Duration.ofSeconds(1);

    private final RegistryClient registry;
    private final ImageLoader loader;
    private final ContentSearch search;
    private final SourceReferences sources;
    private final ReferenceProver prover;

    /** @param hosts registries on a port of their own, {@code host:port}: containerd's content labels lack the port */
    public ImageResolver(ContainerdClient containerd, RegistryClient registry, Collection<String> hosts) {
        this.registry = registry;
        loader = new ImageLoader(containerd.content(), registry);
        search = new ContentSearch(containerd.content(), loader);
        sources = new SourceReferences(containerd.images(), hosts);
        prover = new ReferenceProver(registry, System::nanoTime);
    }

    /** The image that a snapshot's labels claim it belongs to, for people; empty if they claim none. */
    public static Optional<String> claimedReference(Map<String, String> labels) {
        return ImageClaim.of(labels).map(claim -> claim.reference().toString());
    }

    /**
     * Finds the image of a snapshot. Every candidate has a layer with the chain ID, by what its config says.
     *
     * @param namespace containerd's
     * @param labels of the snapshot
     * @param chainId {@code containerd.io/snapshot.ref}
     * @param timeout for everything together
     * @throws IOException if containerd or a registry could not be asked; trying again may help
     */
    public Resolution resolve(String namespace, Map<String, String> labels, String chainId, Duration timeout)
            throws IOException {
        Digest digest;
        try {
            digest = Digest.parse(chainId);
        } catch (IllegalArgumentException e) {
            return new Resolution.NotFound("the snapshot's chain ID is malformed: " + e.getMessage());
        }
        Deadline deadline = Deadline.after(timeout);
        Optional<ImageClaim> claim = ImageClaim.of(labels);
        Resolution resolution = claim.isPresent()
                ? claimed(namespace, claim.get(), digest, deadline)
                : searched(namespace, digest, deadline);
        log.debug("Chain ID {} in namespace {}: {}", chainId, namespace, resolution);
        return resolution;
    }

    /**
     * The image that a reference names, without containerd. The layer of the result is the topmost.
     *
     * @param reference with a tag or digest
     * @throws IOException if the registry cannot be asked, or has no such image for the platform
     */
    public ResolvedImage resolveReference(ImageReference reference, Platform platform) throws IOException {
        Deadline deadline = Deadline.after(REFERENCE_TIMEOUT);
        Fetched manifest = registry.manifest(reference, platform, deadline);
        ParsedImage image = loader.load(Optional.empty(), manifest, reference, deadline);
        return image.resolved(reference, image.diffIds().size() - 1);
    }

    /**
     * What the images in containerd's content store say of chain IDs.
     *
     * @param namespace containerd's
     * @param momentAgo whether it suffices to know what images there were a moment ago, if each chain ID was asked about only once
     *     since then
     * @param timeout for everything together
     * @return one claim for each image and each of the chain IDs that it has
     * @throws IOException if containerd cannot be asked in time
     */
    public List<LayerClaim> claims(String namespace, Set<String> chainIds, boolean momentAgo, Duration timeout)
            throws IOException {
        return search.claims(namespace, chainIds, momentAgo, Deadline.after(timeout));
    }

    /**
     * The image that a claim is of.
     *
     * @param timeout for everything together
     * @throws IOException if containerd does not have it any more or cannot be asked, or no registry is known to have it
     */
    public ResolvedImage imageOf(String namespace, LayerClaim claim, Duration timeout) throws IOException {
        Deadline deadline = Deadline.after(timeout);
        Optional<ContentSearch.Match> match =
                search.match(namespace, claim.manifestDigest(), Digest.parse(claim.chainId()), deadline);
        if (match.isEmpty()) {
            throw new IOException("namespace " + namespace + " does not have it any more");
        }
        List<ImageReference> references = sources.of(namespace, match.get().info(), deadline);
        List<String> objections = new ArrayList<>();
        Optional<ImageReference> proven = prove(references, true, deadline, objections);
        if (proven.isEmpty()) {
            throw new IOException(
                    references.isEmpty() ? "nothing tells where it came from" : String.join("; ", objections));
        }
        return match.get().image().resolved(proven.get(), match.get().layerIndex());
    }

    /** How people call the image of a manifest in containerd's content store, as far as containerd tells. */
    public Optional<String> nameOf(String namespace, Digest manifestDigest, Duration timeout) {
        Deadline deadline = Deadline.after(timeout);
        try {
            Optional<ContentInfo> info = search.info(namespace, manifestDigest, deadline);
            return info.isEmpty()
                    ? Optional.empty()
                    : sources.of(namespace, info.get(), deadline).stream()
                            .findFirst()
                            .map(ImageReference::name);
        } catch (IOException e) {
            log.debug("No name of {}: {}", manifestDigest, e.getMessage());
            return Optional.empty();
        }
    }

    private Resolution claimed(String namespace, ImageClaim claim, Digest chainId, Deadline deadline)
            throws IOException {
        ParsedImage image = claimedImage(namespace, claim, chainId, deadline);
        OptionalInt layer = image.layerOf(chainId);
        if (layer.isEmpty()) {
            return new Resolution.NotFound(
                    claim.reference() + " (" + image.manifestDigest() + ") has no layer with chain ID " + chainId);
        }
        ResolvedImage resolved = image.resolved(claim.reference(), layer.getAsInt());
        Digest actual = resolved.layer().digest();
        if (claim.layerDigest().isPresent() && !claim.layerDigest().get().equals(actual)) {
            return new Resolution.NotFound("the snapshot's labels call the layer "
                    + claim.layerDigest().get() + ", but in " + claim.reference() + " it is " + actual);
        }
        return new Resolution.Found(List.of(resolved));
    }

    private ParsedImage claimedImage(String namespace, ImageClaim claim, Digest chainId, Deadline deadline)
            throws IOException {
        if (claim.manifestDigest().isPresent()) {
            return loader.load(Optional.of(namespace), claim.manifestDigest().get(), claim.reference(), deadline);
        }
        // The reference may point at an index: which of its manifests was meant, the chain ID tells.
        List<ContentSearch.Match> stored = search.search(namespace, chainId, MAX_CANDIDATES, deadline);
        for (ContentSearch.Match match : stored) {
            Digest layer =
                    match.image().manifest().layers().get(match.layerIndex()).digest();
            if (claim.layerDigest().map(layer::equals).orElse(true)) {
                return match.image();
            }
        }
        Fetched manifest = registry.manifest(claim.reference(), Platform.linuxHere(), deadline);
        return loader.load(Optional.of(namespace), manifest, claim.reference(), deadline);
    }

    private Resolution searched(String namespace, Digest chainId, Deadline deadline) throws IOException {
        List<ContentSearch.Match> matches = search.search(namespace, chainId, MAX_CANDIDATES, deadline);
        List<ResolvedImage> candidates = new ArrayList<>();
        List<String> objections = new ArrayList<>();
        for (ContentSearch.Match match : matches) {
            List<ImageReference> references = sources.of(namespace, match.info(), deadline);
            if (references.isEmpty()) {
                objections.add("nothing tells where " + match.image().manifestDigest() + " came from");
            }
            prove(references, candidates.isEmpty(), deadline, objections)
                    .map(reference -> match.image().resolved(reference, match.layerIndex()))
                    .ifPresent(candidates::add);
        }
        if (!candidates.isEmpty()) {
            return new Resolution.Found(candidates);
        }
        return new Resolution.NotFound(
                matches.isEmpty()
                        ? "no image in namespace " + namespace + " has chain ID " + chainId
                        : "no registry is known to have an image with chain ID " + chainId + ": "
                                + String.join("; ", objections));
    }

    /** The first reference that its registry knows. Half of what is left for each, so that none uses up the time of all. */
    private Optional<ImageReference> prove(
            List<ImageReference> references, boolean first, Deadline deadline, List<String> objections) {
        for (ImageReference reference : references) {
            Duration half = deadline.remaining().dividedBy(2);
            Duration most = first || half.compareTo(FURTHER_CANDIDATE) < 0 ? half : FURTHER_CANDIDATE;
            Optional<String> objection = prover.objection(reference, Deadline.after(most));
            if (objection.isEmpty()) {
                return Optional.of(reference);
            }
            objections.add(objection.get());
        }
        return Optional.empty();
    }
}
