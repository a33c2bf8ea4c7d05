package dev.sluice.ondemand;

import java.nio.file.Path;

/**
 * What a backend knows of a layer's directory.
 *
 * @param directory holds the metadata images; absolute
 */
public record LayerFiles(Path directory) {
    /** The sparse file that is the data device, for backends that keep it so. */
    public Path data() {
        return directory.resolve("data");
    }

    /** What of {@link #data} is present. */
    public Path present() {
        return directory.resolve("present");
    }
}
