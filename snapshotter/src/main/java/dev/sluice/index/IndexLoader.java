package dev.sluice.index;

import dev.sluice.image.ResolvedImage;
import dev.sluice.registry.Deadline;
import dev.sluice.registry.Digest;
import dev.sluice.registry.RegistryClient;
import dev.sluice.registry.RegistryException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Fetches an index artifact and checks whether it is one for an image. Safe for use by many threads. */
final class IndexLoader {
    private final RegistryClient registry;

    IndexLoader(RegistryClient registry) {
        this.registry = registry;
    }

    /**
     * Fetches the manifest and the config of an artifact; not the indexes.
     *
     * @param artifact digest of the manifest
     * @param voucher why it is looked at
     * @param keys one of which must have signed it; absent if nobody must
     * @throws InvalidIndexException if it is no artifact for this image, or lacks the signature
     * @throws RegistryException if it could not be fetched
     */
    IndexSearch.Found load(
            ResolvedImage image,
            Digest artifact,
            IndexSearch.Voucher voucher,
            Optional<List<VerificationKey>> keys,
            Deadline deadline)
            throws InvalidIndexException, RegistryException {
        IndexArtifact parsed =
                IndexArtifact.parse(registry.manifest(image.reference().withDigest(artifact), deadline));
        if (!parsed.subject().digest().equals(image.manifestDigest())) {
            throw new InvalidIndexException("it is about " + parsed.subject().digest());
        }
        if (keys.isPresent()) {
            parsed.requireSignature(image.manifestDigest(), keys.get());
        }
        byte[] config = registry.blob(image.reference(), parsed.config(), IndexConfig.MAX_BYTES, deadline);
        return new IndexSearch.Found(artifact, voucher, layers(image, parsed.config(config)));
    }

    private static Map<Digest, LayerIndexRef> layers(ResolvedImage image, IndexConfig config)
            throws InvalidIndexException {
        Map<Digest, LayerIndexRef> layers = new HashMap<>();
        for (LayerEntry entry : config.layers()) {
            ImageLayers.require(image, entry.layer(), entry.diffId());
            layers.put(
                    entry.layer(),
                    new LayerIndexRef(image.reference(), entry.layer(), entry.diffId(), entry.descriptor()));
        }
        return layers;
    }
}
