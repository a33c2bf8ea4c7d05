package dev.sluice.daemon;

import dev.sluice.fill.BootId;
import dev.sluice.linux.Linux;
import dev.sluice.ondemand.Backend;
import dev.sluice.ondemand.ErofsMounter;
import dev.sluice.ondemand.ErofsMounters;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.ProbeResult;
import dev.sluice.ondemand.fuse.FuseBackend;
import dev.sluice.ondemand.fuse.FuseOptions;
import dev.sluice.ondemand.fuse.FuseProbe;
import java.io.IOException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Chooses the backend. */
final class Backends {
    private static final Logger log = LoggerFactory.getLogger(Backends.class);

    private Backends() {}

    /**
     * Starts the backend that the configuration names, or with {@code auto} the first that works here.
     *
     * @param keeper holds the backend's kernel files while we are dead
     * @throws IOException if it does not work here; the message says why
     */
    static Backend start(Config config, Linux linux, Path root, Keeper keeper) throws IOException {
        log.debug("Keeper: {}", keeper);
        return switch (config.backend()) {
            case AUTO, FUSE -> fuse(config, linux, root);
            case CACHEFILES, FANOTIFY ->
                throw new IOException("backend " + config.backend() + " is not part of this version; use fuse or auto");
        };
    }

    private static Backend fuse(Config config, Linux linux, Path root) throws IOException {
        ErofsMounters.Choice choice = erofs(config, linux, root);
        ErofsMounter erofs = choice.mounter();
        ProbeResult probe = new FuseProbe(linux, erofs, root).run();
        if (!probe.ok()) {
            throw new IOException("backend fuse does not work here: " + probe.reason());
        }
        log.info("EROFS is mounted on {}: {}", erofs.way(), choice.reason());
        FuseOptions defaults = FuseOptions.defaults();
        return FuseBackend.start(
                linux,
                root.resolve("fuse"),
                new FuseOptions(config.fuse().threads(), defaults.maxReadBytes(), defaults.maxBackground()),
                erofs,
                BootId.current());
    }

    /** @param scratch an existing directory, on the file system that will hold the layers */
    static ErofsMounters.Choice erofs(Config config, Linux linux, Path scratch) throws IOException {
        return switch (config.fuse().loopDevices()) {
            case AUTO -> ErofsMounters.choose(linux, scratch);
            case ALWAYS -> new ErofsMounters.Choice(ErofsMounters.loopDevices(linux), "fuse.loop_devices is always");
        };
    }
}
