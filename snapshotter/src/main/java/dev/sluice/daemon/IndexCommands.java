package dev.sluice.daemon;

import dev.sluice.containerd.ContainerdClient;
import dev.sluice.image.ImageResolver;
import dev.sluice.image.ResolvedImage;
import dev.sluice.index.IndexPublisher;
import dev.sluice.index.LayerIndexBlob;
import dev.sluice.index.PublishedIndex;
import dev.sluice.linux.Linux;
import dev.sluice.mount.NodeIndexes;
import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.Platform;
import dev.sluice.registry.RegistryClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What {@code sluice index} does. It speaks to the registry itself; no daemon is needed. */
final class IndexCommands implements Runners.IndexRunner {
    private static final Duration TIMEOUT = Duration.ofMinutes(10);

    @Override
    public List<PublishedIndex> list(Config config, ImageReference image) throws IOException {
        try (CredentialSources credentials = CredentialSources.open(config);
                RegistryClient registry = registry(config, credentials)) {
            return publisher(registry).list(image);
        }
    }

    @Override
    public List<LayerIndexing> create(Config config, ImageReference image) throws IOException {
        try (CredentialSources credentials = CredentialSources.open(config);
                RegistryClient registry = registry(config, credentials);
                NodeIndexes indexes = indexes(config, registry)) {
            return index(resolve(config, registry, image), indexes).layers();
        }
    }

    @Override
    public Publication push(Config config, ImageReference image) throws IOException {
        try (CredentialSources credentials = CredentialSources.open(config);
                RegistryClient registry = registry(config, credentials);
                NodeIndexes indexes = indexes(config, registry)) {
            ResolvedImage resolved = resolve(config, registry, image);
            Indexes made = index(resolved, indexes);
            if (made.blobs().isEmpty()) {
                throw new IOException(image + " has no plain layers, there is nothing to publish");
            }
            Digest artifact = publisher(registry).publish(resolved, made.blobs(), Settings.signingKey(config.index()));
            return new Publication(resolved.manifestDigest(), artifact, made.layers());
        }
    }

    private record Indexes(List<LayerIndexing> layers, List<LayerIndexBlob> blobs) {}

    private static Indexes index(ResolvedImage image, NodeIndexes indexes) throws IOException {
        List<LayerIndexing> layers = new ArrayList<>();
        List<LayerIndexBlob> blobs = new ArrayList<>();
        for (int i = 0; i < image.diffIds().size(); i++) {
            Descriptor layer = image.manifest().layers().get(i);
            Optional<NodeIndexes.Indexed> indexed = indexes.get(image, i);
            if (indexed.isPresent()) {
                LayerIndexBlob blob = indexed.get().blob();
                blobs.add(blob);
                layers.add(new LayerIndexing(
                        layer.digest(),
                        layer.size(),
                        blob.content().length,
                        indexed.get().made(),
                        indexed.get().spans()));
            } else {
                layers.add(new LayerIndexing(layer.digest(), layer.size(), 0, false, 0));
            }
        }
        return new Indexes(layers, blobs);
    }

    private static ResolvedImage resolve(Config config, RegistryClient registry, ImageReference image)
            throws IOException {
        try (ContainerdClient containerd = new ContainerdClient(config.containerd())) {
            return new ImageResolver(containerd, registry, Settings.hosts(config.registry()))
                    .resolveReference(image, Platform.linuxHere());
        }
    }

    private static NodeIndexes indexes(Config config, RegistryClient registry) throws IOException {
        Path root = Files.createDirectories(config.root());
        return NodeIndexes.open(root, PlainLayerSettings.of(config, Linux.load(), root, registry), registry);
    }

    @Override
    public void remove(Config config, ImageReference image, Digest artifact) throws IOException {
        try (CredentialSources credentials = CredentialSources.open(config);
                RegistryClient registry = registry(config, credentials)) {
            publisher(registry).remove(image, artifact);
        }
    }

    private static IndexPublisher publisher(RegistryClient registry) {
        return new IndexPublisher(registry, Clock.systemUTC(), TIMEOUT);
    }

    private static RegistryClient registry(Config config, CredentialSources credentials) {
        return new RegistryClient(Settings.registry(config.registry()), credentials.chain());
    }
}
