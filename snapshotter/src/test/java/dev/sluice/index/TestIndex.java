package dev.sluice.index;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.image.ResolvedImage;
import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.InvalidManifestException;
import dev.sluice.registry.Manifest;
import dev.sluice.registry.MediaTypes;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** An image of two layers in a registry, and indexes of them, sound and forged. */
record TestIndex(FakeRegistry registry, ResolvedImage image, Descriptor manifest) {
    static final Instant CREATED = Instant.parse("2026-01-02T03:04:05Z");

    /** @param name makes images differ */
    static TestIndex of(FakeRegistry registry, String name, Map<String, String> annotations) {
        List<Descriptor> layers = Stream.of("lower", "upper of " + name)
                .map(layer -> new Descriptor("application/vnd.oci.image.layer.v1.tar+gzip", digest(layer), 1000))
                .toList();
        Manifest manifest = new Manifest(
                MediaTypes.OCI_MANIFEST,
                new Descriptor("application/vnd.oci.image.config.v1+json", digest("config of " + name), 10),
                layers,
                annotations,
                Optional.empty(),
                Optional.empty());
        byte[] content = manifest.toJson();
        Digest digest = registry.putManifest(content);
        List<Digest> diffIds = List.of(digest("tar of lower"), digest("tar of upper of " + name));
        return new TestIndex(
                registry,
                new ResolvedImage(registry.image(), manifest, digest, 0, diffIds),
                new Descriptor(MediaTypes.OCI_MANIFEST, digest, content.length));
    }

    static Digest digest(String text) {
        return Digest.sha256(text.getBytes(UTF_8));
    }

    static byte[] content(int layer) {
        return ("index of layer " + layer).getBytes(UTF_8);
    }

    Digest layer(int layer) {
        return image.manifest().layers().get(layer).digest();
    }

    LayerIndexBlob blob(int layer) {
        return new LayerIndexBlob(layer(layer), image.diffIds().get(layer), content(layer));
    }

    List<LayerIndexBlob> blobs() {
        return List.of(blob(0), blob(1));
    }

    IndexArtifact.Built build(Optional<SigningKey> key) throws InvalidIndexException {
        return IndexArtifact.build(manifest, blobs(), CREATED, key);
    }

    /** Puts an artifact and all it names into the registry; returns its digest. */
    Digest put(IndexArtifact.Built built) {
        registry.putBlob(built.config().digest(), built.configBytes());
        blobs().forEach(blob -> registry.putBlob(Digest.sha256(blob.content()), blob.content()));
        return registry.putManifest(built.manifest());
    }

    /** The same artifact with another manifest. */
    static IndexArtifact.Built withManifest(IndexArtifact.Built built, UnaryOperator<Manifest> change)
            throws InvalidManifestException {
        Manifest manifest = Manifest.parse(built.manifest(), MediaTypes.OCI_MANIFEST);
        return new IndexArtifact.Built(change.apply(manifest).toJson(), built.config(), built.configBytes());
    }

    /** The same artifact with another config, and a manifest that names it. */
    static IndexArtifact.Built withConfig(IndexArtifact.Built built, byte[] config) throws InvalidManifestException {
        Descriptor descriptor = new Descriptor(IndexArtifact.CONFIG_TYPE, Digest.sha256(config), config.length);
        IndexArtifact.Built changed = withManifest(
                built,
                manifest -> new Manifest(
                        manifest.mediaType(),
                        descriptor,
                        manifest.layers(),
                        manifest.annotations(),
                        manifest.subject(),
                        manifest.artifactType()));
        return new IndexArtifact.Built(changed.manifest(), descriptor, config);
    }
}
