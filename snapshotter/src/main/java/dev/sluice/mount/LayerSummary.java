package dev.sluice.mount;

import java.util.Map;

/**
 * All layers together, for machines.
 *
 * @param layers that are here, by the name of their format
 * @param mounts of them by this process
 * @param cacheBytes that they take on disk, what the backend keeps elsewhere not included
 */
public record LayerSummary(Map<String, Integer> layers, int mounts, long cacheBytes) {
    public LayerSummary {
        layers = Map.copyOf(layers);
    }
}
