package dev.sluice.ondemand.fuse;

import dev.sluice.fill.BootId;
import dev.sluice.linux.Linux;
import dev.sluice.ondemand.FileBackedErofs;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.LayerSource;
import dev.sluice.ondemand.Rescue;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** A backend on the kept connection that knows no layers. The connection and its mount stay. */
public final class FuseRescue implements Rescue {
    private final FuseBackend backend;

    private FuseRescue(FuseBackend backend) {
        this.backend = backend;
    }

    /**
     * Begins to answer.
     *
     * @param mountPoint of the process before
     * @param bootId of the running kernel
     * @param keeper has the connection
     * @return empty if no connection is kept, or not that of the mount point
     */
    public static Optional<Rescue> start(Linux linux, Path mountPoint, BootId bootId, Keeper keeper)
            throws IOException {
        Optional<FuseBackend> backend = FuseBackend.takeOver(
                linux, mountPoint, FuseOptions.defaults(), new FileBackedErofs(linux.mounts()), bootId, keeper);
        if (backend.isEmpty()) {
            return Optional.empty();
        }
        backend.get().resume(LayerSource.NONE);
        return Optional.of(new FuseRescue(backend.get()));
    }

    @Override
    public String name() {
        return backend.name();
    }

    @Override
    public boolean isQuiet() throws IOException {
        return backend.isQuiet();
    }

    @Override
    public void close() throws IOException {
        backend.close();
    }
}
