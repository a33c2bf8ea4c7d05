package dev.sluice.mount;

import dev.sluice.image.ImageResolver;
import dev.sluice.image.LayerClaim;
import dev.sluice.layer.LayerFormat;
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
    private final Duration timeout;
    private final AtomicBoolean unanswered = new AtomicBoolean();

    /** @param timeout for asking containerd */
    LayerAgreement(ImageResolver images, List<LayerFormat> formats, StoredLayers stored, Duration timeout) {
        this.stored = stored;
        this.images = images;
        this.formats = List.copyOf(formats);
        this.timeout = timeout;
    }

    /** See {@link LazyLayers#disagreement}. */
    Optional<String> disagreement(String namespace, Map<String, LayerKey> layers, Knowledge knowledge) {
        try {
            List<LayerClaim> claims = images.claims(namespace, layers.keySet(), knowledge == Knowledge.RECENT, timeout);
            unanswered.set(false);
            Optional<LayerClaim> denied = denied(claims, layers);
            return denied.map(claim -> describe(namespace, claim, claims, layers));
        } catch (IOException e) {
            if (!unanswered.getAndSet(true)) {
                log.warn(
                        "It is not checked whether images agree on their layers, until containerd can be asked again: {}",
                        e.getMessage());
            }
            return Optional.empty();
        }
    }

    private Optional<LayerClaim> denied(List<LayerClaim> claims, Map<String, LayerKey> layers) {
        return claims.stream().filter(claim -> !holds(claim, layers)).findFirst();
    }

    /** Whether the blob and the table of contents of a claim are those of the layer with its chain ID, or that was looked at in full. */
    private boolean holds(LayerClaim claim, Map<String, LayerKey> layers) {
        Optional<LayerId> layer = Optional.ofNullable(layers.get(claim.chainId()))
                .map(key -> MountKey.parse(key).layer());
        if (layer.isPresent() && stored.isMeantBy(claim, layer.get())) {
            return true;
        }
        String blob = claim.layer().digest().toString();
        return formats.stream()
                .map(format -> format.indexDigest(LayerBuilder.descriptor(claim.layer())))
                .flatMap(Optional::stream)
                .anyMatch(index -> layer.equals(Optional.of(LayerId.of(blob, index))));
    }

    private String describe(
            String namespace, LayerClaim denied, List<LayerClaim> claims, Map<String, LayerKey> layers) {
        Set<Digest> owners = new TreeSet<>((a, b) -> a.toString().compareTo(b.toString()));
        for (LayerClaim claim : claims) {
            if (claim.chainId().equals(denied.chainId()) && holds(claim, layers)) {
                owners.add(claim.manifestDigest());
            }
        }
        String owner =
                owners.isEmpty() ? "an image that was removed while something still uses it" : names(namespace, owners);
        return "the lazy layer with chain ID " + denied.chainId() + " is that of " + owner + ", but "
                + names(namespace, Set.of(denied.manifestDigest())) + " has another layer under the same chain ID, "
                + denied.layer().digest()
                + "; one of them is forged: remove the one that you do not trust, with its containers, from namespace "
                + namespace + " (ctr images rm --sync NAME; or ctr content rm DIGEST where no image has the name), and"
                + " pull the other one again";
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
