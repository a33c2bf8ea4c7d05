package dev.sluice.mount;

import dev.sluice.mount.LazyLayers.LayerKey;
import java.util.Optional;

/**
 * Which metadata image of a layer is mounted. Layers whose table of contents names all directories have one; the others have one
 * per set of attributes that the unnamed directories took from the layers below.
 *
 * @param variant 16 hex digits, or empty for the layer's own metadata image
 */
record MountKey(LayerId layer, Optional<String> variant) {
    LayerKey toLayerKey() {
        return new LayerKey(layer.hex() + variant.map(v -> "." + v).orElse(""));
    }

    /** @throws IllegalArgumentException if the key is not one that {@link #toLayerKey} made */
    static MountKey parse(LayerKey key) {
        String value = key.value();
        int dot = value.indexOf('.');
        if (dot < 0) {
            return new MountKey(new LayerId(value), Optional.empty());
        }
        String variant = value.substring(dot + 1);
        if (!variant.matches("[0-9a-f]{16}")) {
            throw new IllegalArgumentException("not a layer key: " + value);
        }
        return new MountKey(new LayerId(value.substring(0, dot)), Optional.of(variant));
    }
}
