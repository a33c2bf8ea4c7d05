package dev.sluice.containerd;

import static java.util.Objects.requireNonNull;

import java.util.Map;

/**
 * A container that containerd knows, running or not.
 *
 * @param image name of its image; may be empty
 */
public record StoredContainer(String id, String image, Map<String, String> labels) {
    public StoredContainer {
        requireNonNull(id, "id is null");
        requireNonNull(image, "image is null");
        labels = Map.copyOf(labels);
    }
}
