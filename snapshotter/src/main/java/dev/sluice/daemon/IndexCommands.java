package dev.sluice.daemon;

import dev.sluice.index.IndexPublisher;
import dev.sluice.index.PublishedIndex;
import dev.sluice.registry.Digest;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.RegistryClient;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

/** What {@code sluice index} does. It speaks to the registry itself; no daemon is needed. */
final class IndexCommands implements Runners.IndexRunner {
    private static final Duration TIMEOUT = Duration.ofMinutes(10);

    @Override
    public List<PublishedIndex> list(Config config, ImageReference image) throws IOException {
        try (RegistryClient registry = registry(config)) {
            return publisher(registry).list(image);
        }
    }

    @Override
    public void remove(Config config, ImageReference image, Digest artifact) throws IOException {
        try (RegistryClient registry = registry(config)) {
            publisher(registry).remove(image, artifact);
        }
    }

    private static IndexPublisher publisher(RegistryClient registry) {
        return new IndexPublisher(registry, Clock.systemUTC(), TIMEOUT);
    }

    private static RegistryClient registry(Config config) {
        return new RegistryClient(Settings.registry(config.registry()), Settings.credentials(config.registry()));
    }
}
