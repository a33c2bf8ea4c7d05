package dev.sluice.registry;

import static java.util.Objects.requireNonNull;

/**
 * A manifest or index as the registry delivered it, verified.
 *
 * @param content the exact bytes; not to be changed
 * @param descriptor whose digest and size are those of the bytes
 */
public record Fetched(byte[] content, Descriptor descriptor) {
    public Fetched {
        requireNonNull(content, "content is null");
        requireNonNull(descriptor, "descriptor is null");
    }
}
