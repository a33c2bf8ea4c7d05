package dev.sluice.mount;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;

/**
 * A mount of something that runs and uses a layer which may show zeros, as nobody could make its readers wait for a while. It has to be
 * started again.
 *
 * @param directory where it is mounted: the root directory of a container
 * @param layer the layer's digest, or where that is not known any more its name on this machine
 */
public record TaintedMount(Path directory, String layer) {
    public TaintedMount {
        requireNonNull(directory, "directory is null");
        requireNonNull(layer, "layer is null");
    }
}
