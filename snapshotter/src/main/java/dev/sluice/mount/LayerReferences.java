package dev.sluice.mount;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Who needs which layer: snapshots hold references, images in preparation hold pins. Safe for use by many threads.
 */
final class LayerReferences {
    private final Map<LayerId, Integer> pins = new HashMap<>();
    private final Map<MountKey, Integer> references = new HashMap<>();

    synchronized void pin(LayerId layer) {
        pins.merge(layer, 1, Integer::sum);
    }

    synchronized void unpin(LayerId layer) {
        pins.computeIfPresent(layer, (key, count) -> count == 1 ? null : count - 1);
    }

    synchronized void add(MountKey key, int count) {
        references.merge(key, count, Integer::sum);
    }

    /** Gives one reference back; one too many is ignored, because a layer that stays is better than one that goes too early. */
    synchronized void remove(MountKey key) {
        references.computeIfPresent(key, (k, count) -> count == 1 ? null : count - 1);
    }

    synchronized boolean isReferenced(MountKey key) {
        return references.containsKey(key);
    }

    synchronized int count(LayerId layer) {
        return references.entrySet().stream()
                .filter(entry -> entry.getKey().layer().equals(layer))
                .mapToInt(Map.Entry::getValue)
                .sum();
    }

    /** Whether a snapshot refers to the layer or a preparation has pinned it. */
    synchronized boolean isUsed(LayerId layer) {
        return pins.containsKey(layer)
                || references.keySet().stream().anyMatch(key -> key.layer().equals(layer));
    }

    /**
     * Takes a layer's directory away if nobody needs it; nobody can begin to meanwhile.
     *
     * @param rename quick, because everybody waits for it
     */
    synchronized Optional<Path> ifUnused(LayerId layer, Rename rename) throws IOException {
        return isUsed(layer) ? Optional.empty() : rename.run();
    }

    /** Takes a directory away and says where it is now. */
    interface Rename {
        Optional<Path> run() throws IOException;
    }
}
