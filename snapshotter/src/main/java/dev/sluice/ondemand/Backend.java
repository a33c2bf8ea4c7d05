package dev.sluice.ondemand;

import dev.sluice.fill.DataDevice;
import dev.sluice.fill.LayerFill;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** A way for the kernel to ask us for data. Safe for use by many threads. */
public interface Backend extends AutoCloseable {
    /** {@code cachefiles}, {@code fanotify} or {@code fuse}, as in the configuration. */
    String name();

    /**
     * Opens a layer's data device, where this backend keeps it, and creates it when it is absent.
     *
     * @param name of the layer: unique, lower-case hex, at most 64 characters, the same again after a restart
     * @param files the layer's directory, in which a backend may keep the device
     * @param size in bytes, a multiple of {@link DataDevice#PAGE}
     */
    DataDevice openDevice(String name, LayerFiles files, long size) throws IOException;

    /**
     * Makes a data device readable for the kernel.
     *
     * @param name of the layer
     * @param files the layer's directory
     * @param layer fills the device, which is of {@link #openDevice}; stays the caller's
     * @throws IOException if the kernel refuses
     */
    AttachedDevice attach(String name, LayerFiles files, LayerFill layer) throws IOException;

    /**
     * Says where to find the layers that the kernel asks for although nobody has attached them: those of mounts that survived the process
     * which made them. Called once, before the first {@link #attach}.
     */
    void resume(LayerSource layers) throws IOException;

    /**
     * Whether everybody who has read from mounts of the process before has waited for this one, where bytes were missing. If not, and a
     * layer {@linkplain LayerFiles#wasMarked was marked}, the kernel may have given zeros to them, and keeps these in its page cache.
     */
    default boolean hasTakenOver() {
        return false;
    }

    /** Bytes that a layer takes on disk outside its directory, as far as is known. */
    long bytesElsewhere(String name);

    /** Why the kernel is not answered any more, one sentence without a full stop; empty as long as all is well. */
    default Optional<String> failure() {
        return Optional.empty();
    }

    /** What the kernel has asked for since this backend was made. */
    ReadStatistics reads();

    /** A layer is being deleted, nothing is mounted on it any more: what this backend keeps of it outside its directory goes, soon. */
    void discard(String name);

    /** Stops answering. May be called again. What still waits is answered with an error, or left to the next process if somebody keeps it. */
    @Override
    void close() throws IOException;

    /** A device that EROFS can be mounted on. */
    interface AttachedDevice extends AutoCloseable {
        /**
         * Mounts the layer. If its device is complete, the mount depends on this process no more than it must.
         *
         * @param metadata a metadata image in the layer's directory
         * @param target an existing directory
         */
        void mount(Path metadata, Path target) throws IOException;

        /** Runs something once, as soon as the device can be written to: now, or after the kernel has asked for it. */
        void onWritable(Runnable action);

        /** Lets the device go; nothing is mounted on it any more. */
        @Override
        void close() throws IOException;
    }
}
