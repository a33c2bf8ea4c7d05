package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.e2e.host.PageCache;
import dev.sluice.e2e.host.Patience;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.SluiceNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** Layers of which all bytes are there, and an end of everything that was needed before. */
final class CompleteLayers {
    private static final Duration SOON = Duration.ofMinutes(2);

    private CompleteLayers() {}

    /** Waits until all layers of a node are complete and durable, and with fanotify have no mark any more. */
    static void awaitThem(SluiceNode node) {
        await().atMost(Patience.of(SOON)).untilAsserted(() -> {
            JsonNode layers = node.sluice().status().path("layers");
            assertThat(layers)
                    .hasSizeGreaterThanOrEqualTo(ReaderImage.layers())
                    .allSatisfy(layer -> assertThat(layer.path("present_bytes").asLong())
                            .isEqualTo(layer.path("device_bytes").asLong()));
            assertThat(marked(node)).isEmpty();
        });
    }

    /** Names of the layers whose data files have a mark. */
    static List<String> marked(SluiceNode node) throws IOException {
        try (Stream<Path> layers = Files.list(node.sluice().settings().root().resolve("layers"))) {
            return layers.filter(layer -> Files.exists(layer.resolve("marked")))
                    .map(layer -> layer.getFileName().toString())
                    .toList();
        }
    }

    /** Kills the daemon, then its keeper, stops the registry, and makes the kernel forget all pages. */
    static void endAllElse(SluiceNode node, RegistryProcess registry) throws IOException {
        node.sluice().kill();
        node.sluice().endKeeper();
        registry.close();
        PageCache.drop();
    }
}
