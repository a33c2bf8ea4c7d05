package dev.sluice.index;

import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.Fetched;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.InvalidManifestException;
import dev.sluice.registry.Manifest;
import dev.sluice.registry.MediaTypes;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The SOCI index of an image: an OCI manifest whose config has {@link #TYPE_V1} or {@link #TYPE_V2} as its media type, and whose layers are
 * ztocs and prefetch artifacts, each with an annotation that says which layer of the image it is about. One of version 1 has the image as
 * its subject; one of version 2 has none, the image names it. What it says is a claim.
 */
final class SociArtifact {
    static final String TYPE_V1 = "application/vnd.amazon.soci.index.v1+json";
    static final String TYPE_V2 = "application/vnd.amazon.soci.index.v2+json";
    static final String ZTOC_TYPE = "application/octet-stream";
    static final String PREFETCH_TYPE = "application/vnd.amazon.soci.prefetch.v1+json";

    /** On a layer: digest of the blob that this is about. */
    static final String LAYER_DIGEST = "com.amazon.soci.image-layer-digest";
    /** On an image's manifest: the digest of its SOCI index. */
    static final String PIN = "com.amazon.soci.index-digest";

    static final int MAX_PREFETCH = 1 << 20;
    private static final int MAX_LAYERS = 2 * IndexConfig.MAX_LAYERS;

    private SociArtifact() {}

    /**
     * Reads a SOCI index.
     *
     * @param fetched any manifest, with the digest that it was verified against
     * @param repository where it was
     * @param image digest of the image's manifest
     * @return what it has of layers, by the digests of their blobs, whichever image they are of
     * @throws InvalidIndexException if it is no SOCI index, or one of another image
     */
    static Map<Digest, SociLayerRef> parse(Fetched fetched, ImageReference repository, Digest image)
            throws InvalidIndexException {
        Manifest manifest = manifest(fetched);
        String type = manifest.config().mediaType();
        if (!type.equals(TYPE_V1) && !type.equals(TYPE_V2)) {
            throw new InvalidIndexException("it is no SOCI index");
        }
        Optional<Digest> subject = manifest.subject().map(Descriptor::digest);
        if (type.equals(TYPE_V1) && subject.isEmpty()) {
            throw new InvalidIndexException("it has no subject");
        }
        if (!subject.orElse(image).equals(image)) {
            throw new InvalidIndexException("it is about " + subject.get());
        }
        if (manifest.layers().size() > MAX_LAYERS) {
            throw new InvalidIndexException("it has " + manifest.layers().size() + " layers");
        }
        Map<Digest, Descriptor> ztocs = about(manifest, ZTOC_TYPE, IndexConfig.MAX_INDEX);
        Map<Digest, Descriptor> prefetches = about(manifest, PREFETCH_TYPE, MAX_PREFETCH);
        Map<Digest, SociLayerRef> layers = new HashMap<>();
        ztocs.forEach((layer, ztoc) -> layers.put(
                layer, new SociLayerRef(repository, layer, ztoc, Optional.ofNullable(prefetches.get(layer)))));
        return layers;
    }

    private static Manifest manifest(Fetched fetched) throws InvalidIndexException {
        if (!fetched.descriptor().mediaType().equals(MediaTypes.OCI_MANIFEST)) {
            throw new InvalidIndexException("it is no OCI manifest");
        }
        try {
            return Manifest.parse(fetched.content(), MediaTypes.OCI_MANIFEST);
        } catch (InvalidManifestException e) {
            throw new InvalidIndexException("it is no OCI manifest: " + e.getMessage(), e);
        }
    }

    /** By layer, of which an image may have one more than once. What is too large to be read is left out. */
    private static Map<Digest, Descriptor> about(Manifest manifest, String type, long maxSize)
            throws InvalidIndexException {
        Map<Digest, Descriptor> byLayer = new HashMap<>();
        for (Descriptor descriptor : manifest.layers()) {
            String layer = descriptor.annotations().get(LAYER_DIGEST);
            if (layer == null || !descriptor.mediaType().equals(type) || descriptor.size() > maxSize) {
                continue;
            }
            try {
                Descriptor before = byLayer.putIfAbsent(Digest.parse(layer), descriptor);
                if (before != null && !before.digest().equals(descriptor.digest())) {
                    throw new InvalidIndexException("it has two blobs of one kind about the layer " + layer);
                }
            } catch (IllegalArgumentException e) {
                throw new InvalidIndexException("it names a layer by something that is no digest", e);
            }
        }
        return byLayer;
    }
}
