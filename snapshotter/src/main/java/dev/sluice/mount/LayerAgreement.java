package dev.sluice.mount;

import dev.sluice.image.ImageResolver;
import dev.sluice.image.LayerClaim;
import dev.sluice.layer.LayerFormat;
import dev.sluice.mount.LazyLayers.Disagreement;
import dev.sluice.mount.LazyLayers.Knowledge;
import dev.sluice.mount.LazyLayers.LayerKey;
import dev.sluice.registry.Digest;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether all images of a namespace mean the same layer by a chain ID. containerd verifies diff IDs only when it unpacks, which never
 * happens to a lazy layer; without unpacking, a chain ID is what anybody's config claims. Safe for use by many threads.
 */
final class LayerAgreement {
    private static final Logger log = LoggerFactory.getLogger(LayerAgreement.class);

    private final ImageResolver images;
    private final List<LayerFormat> formats;
    private final StoredLayers stored;
    private final Disproofs disproofs;
    private final Duration timeout;
    private final AtomicBoolean unanswered = new AtomicBoolean();

    /** @param timeout for asking containerd */
    LayerAgreement(
            ImageResolver images,
            List<LayerFormat> formats,
            StoredLayers stored,
            Disproofs disproofs,
            Duration timeout) {
        this.stored = stored;
        this.disproofs = disproofs;
        this.images = images;
        this.formats = List.copyOf(formats);
        this.timeout = timeout;
    }

    /** See {@link LazyLayers#disagreement}. */
    Optional<Disagreement> disagreement(String namespace, Map<String, LayerKey> layers, Knowledge knowledge) {
        try {
            List<LayerClaim> claims = images.claims(namespace, layers.keySet(), knowledge == Knowledge.RECENT, timeout);
            unanswered.set(false);
            return layers.entrySet().stream()
                    .map(layer -> disagreement(namespace, layer.getKey(), layer.getValue(), claims))
                    .flatMap(Optional::stream)
                    .findFirst();
        } catch (IOException e) {
            if (!unanswered.getAndSet(true)) {
                log.warn(
                        "It is not checked whether images agree on their layers, until containerd can be asked again: {}",
                        e.getMessage());
            }
            return Optional.empty();
        }
    }

    private Optional<Disagreement> disagreement(
            String namespace, String chainId, LayerKey layer, List<LayerClaim> all) {
        LayerId id = MountKey.parse(layer).layer();
        List<LayerClaim> claims =
                all.stream().filter(claim -> claim.chainId().equals(chainId)).toList();
        List<LayerClaim> believable =
                claims.stream().filter(claim -> !disproofs.contains(claim)).toList();
        // Whoever is known to lie has no say against those whose layer this is.
        boolean isTheirs = believable.stream().anyMatch(claim -> means(claim, id));
        return (isTheirs ? believable : claims)
                .stream()
                        .filter(claim -> !means(claim, id))
                        .findFirst()
                        .map(denied -> describe(namespace, denied, id, claims));
    }

    /** Whether a layer is what an image means: its blob and its table of contents are, or its diff ID was verified. */
    boolean means(LayerClaim claim, LayerId layer) {
        if (stored.isMeantBy(claim, layer)) {
            return true;
        }
        String blob = claim.layer().digest().toString();
        return formats.stream()
                .map(format -> format.indexDigest(LayerBuilder.descriptor(claim.layer())))
                .flatMap(Optional::stream)
                .anyMatch(index -> layer.equals(LayerId.of(blob, index)));
    }

    private Disagreement describe(String namespace, LayerClaim denied, LayerId layer, List<LayerClaim> claims) {
        Set<Digest> owners = new TreeSet<>((a, b) -> a.toString().compareTo(b.toString()));
        for (LayerClaim claim : claims) {
            if (means(claim, layer)) {
                owners.add(claim.manifestDigest());
            }
        }
        String owner =
                owners.isEmpty() ? "an image that was removed while something still uses it" : names(namespace, owners);
        return new Disagreement(
                denied.chainId(),
                claims,
                "the lazy layer with chain ID " + denied.chainId() + " is that of " + owner + ", but "
                        + names(namespace, Set.of(denied.manifestDigest()))
                        + " has another layer under the same chain ID, "
                        + denied.layer().digest(),
                "remove the one that you do not trust, with its containers, from namespace " + namespace
                        + " (ctr images rm --sync NAME; or ctr content rm DIGEST where no image has the name), and"
                        + " pull the other one again");
    }

    /** How people call the image of a claim. */
    String name(String namespace, LayerClaim claim) {
        return names(namespace, Set.of(claim.manifestDigest()));
    }

    private String names(String namespace, Collection<Digest> manifests) {
        List<String> names = new ArrayList<>();
        for (Digest manifest : manifests) {
            names.add("image " + images.nameOf(namespace, manifest, timeout).orElse("of unknown name") + " (" + manifest
                    + ")");
        }
        return String.join(", ", names);
    }
}
