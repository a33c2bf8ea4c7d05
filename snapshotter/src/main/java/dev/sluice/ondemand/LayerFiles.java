package dev.sluice.ondemand;

import dev.sluice.fill.BootId;
import java.io.IOException;
import java.nio.file.Files;
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

    /**
     * Says that readers of {@link #data} are stopped by a mark as long as somebody holds it, and get zeros for what is not filled once nobody
     * does. Holds the ID of the kernel's boot.
     */
    public Path marked() {
        return directory.resolve("marked");
    }

    /** Whether {@link #data} has been marked in this boot, and was not complete since. */
    public boolean wasMarked(BootId boot) {
        try {
            return Files.readString(marked()).strip().equals(boot.value().toString());
        } catch (IOException e) {
            // Missing, or damaged by a crash of the machine, which ends all mounts.
            return false;
        }
    }

    /** What of {@link #data} is present. */
    public Path present() {
        return directory.resolve("present");
    }
}
