package dev.sluice.ondemand.fanotify;

import dev.sluice.fill.BootId;
import dev.sluice.linux.Linux;
import dev.sluice.ondemand.FileBackedErofs;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.LayerSource;
import dev.sluice.ondemand.Rescue;
import java.io.IOException;
import java.util.Optional;

/** A backend on the kept group that knows no layers. Marks and group stay, so that nobody gets zeros. */
public final class FanotifyRescue implements Rescue {
    private final FanotifyBackend backend;

    private FanotifyRescue(FanotifyBackend backend) {
        this.backend = backend;
    }

    /**
     * Begins to answer.
     *
     * @param bootId of the running kernel
     * @param keeper has the group
     * @return empty if no group is kept
     */
    public static Optional<Rescue> start(Linux linux, BootId bootId, Keeper keeper) throws IOException {
        Optional<FanotifyBackend> backend = FanotifyBackend.takeOver(
                linux, FanotifyOptions.defaults(), new FileBackedErofs(linux.mounts()), bootId, keeper);
        if (backend.isEmpty()) {
            return Optional.empty();
        }
        backend.get().resume(LayerSource.NONE);
        return Optional.of(new FanotifyRescue(backend.get()));
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
