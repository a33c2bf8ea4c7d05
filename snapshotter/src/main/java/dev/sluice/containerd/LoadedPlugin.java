package dev.sluice.containerd;

import static java.util.Objects.requireNonNull;

import java.util.Map;

/**
 * A plugin that containerd has loaded.
 *
 * @param type such as {@code io.containerd.snapshotter.v1}
 * @param exports what it tells others; a proxy plugin its {@code address}
 */
public record LoadedPlugin(String type, String id, Map<String, String> exports) {
    public LoadedPlugin {
        requireNonNull(type, "type is null");
        requireNonNull(id, "id is null");
        exports = Map.copyOf(exports);
    }
}
