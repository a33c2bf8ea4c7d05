package dev.sluice.mount;

import dev.sluice.image.ResolvedImage;
import dev.sluice.index.LayerIndexBlob;
import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Publishes the indexes of an image once all its plain layers were fetched here. Safe for use by many threads. */
final class FirstPulls {
    private static final Logger log = LoggerFactory.getLogger(FirstPulls.class);

    private final IndexStore indexes;
    private final PlainSettings.Publishing publishing;
    private final Executor executor;
    /** Manifests whose indexes are published, or being published. */
    private final Set<Digest> published = ConcurrentHashMap.newKeySet();

    FirstPulls(IndexStore indexes, PlainSettings.Publishing publishing, Executor executor) {
        this.indexes = indexes;
        this.publishing = publishing;
        this.executor = executor;
    }

    /** A layer of an image was fetched. Returns at once. */
    void fetched(ResolvedImage image) {
        executor.execute(() -> publish(image));
    }

    private void publish(ResolvedImage image) {
        try {
            Optional<List<LayerIndexBlob>> all = all(image);
            if (all.isPresent() && published.add(image.manifestDigest())) {
                push(image, all.get());
            }
        } catch (IOException e) {
            log.warn("The indexes of {} are not published: {}", image.reference(), e.getMessage());
        }
    }

    private void push(ResolvedImage image, List<LayerIndexBlob> all) throws IOException {
        boolean done = false;
        try {
            Digest artifact = publishing.publish(image, all);
            done = true;
            log.info("The indexes of {} ({}) are published as {}", image.reference(), image.manifestDigest(), artifact);
        } finally {
            if (!done) {
                published.remove(image.manifestDigest());
            }
        }
    }

    /** The indexes of all plain layers; empty if one is still missing. */
    private Optional<List<LayerIndexBlob>> all(ResolvedImage image) {
        List<LayerIndexBlob> all = new ArrayList<>();
        for (int i = 0; i < image.diffIds().size(); i++) {
            Descriptor layer = image.manifest().layers().get(i);
            if (PlainType.ofMediaType(layer.mediaType()).isPresent()) {
                Digest diffId = image.diffIds().get(i);
                Optional<IndexStore.Kept> index = indexes.find(LayerBuilder.descriptor(layer), diffId);
                if (index.isEmpty()) {
                    return Optional.empty();
                }
                all.add(new LayerIndexBlob(layer.digest(), diffId, index.get().bytes()));
            }
        }
        return all.isEmpty() ? Optional.empty() : Optional.of(List.copyOf(all));
    }
}
