package dev.sluice.ondemand;

import dev.sluice.fill.LayerFill;
import java.io.IOException;
import java.nio.file.Path;

/** A way for the kernel to ask us for data. Safe for use by many threads. */
public interface Backend extends AutoCloseable {
    /** {@code cachefiles}, {@code fanotify} or {@code fuse}, as in the configuration. */
    String name();

    /**
     * Makes a data device readable for the kernel.
     *
     * @param name unique among the attached devices, lower-case hex, at most 64 characters, the same again after a restart
     * @param layer fills the device; stays the caller's
     * @throws IOException if the kernel refuses
     */
    AttachedDevice attach(String name, LayerFill layer) throws IOException;

    /** Stops answering. What still waits is answered with an error. */
    @Override
    void close() throws IOException;

    /** A device that EROFS can be mounted on. */
    interface AttachedDevice extends AutoCloseable {
        /** What {@code device=} takes. */
        Path path();

        /** Lets the device go; nothing is mounted on it any more. */
        @Override
        void close() throws IOException;
    }
}
