package dev.sluice.ondemand;

import java.io.IOException;
import java.nio.file.Path;

/** Mounts EROFS on a metadata image and a data device that are regular files. Safe for use by many threads. */
public interface ErofsMounter {
    /** What EROFS is mounted on: {@code regular files} or {@code loop devices}. */
    String way();

    /** Whether what it mounts reads devices past the page cache of the file system that holds them. */
    default boolean readsDirectly() {
        return false;
    }

    /**
     * Mounts read-only.
     *
     * @param metadata a metadata image, which names one extra device
     * @param device that device
     * @param target an existing directory
     */
    void mount(Path metadata, Path device, Path target) throws IOException;
}
