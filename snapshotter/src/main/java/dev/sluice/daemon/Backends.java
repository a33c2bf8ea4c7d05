package dev.sluice.daemon;

import dev.sluice.fill.BootId;
import dev.sluice.linux.Linux;
import dev.sluice.ondemand.Backend;
import dev.sluice.ondemand.ErofsMounter;
import dev.sluice.ondemand.ErofsMounters;
import dev.sluice.ondemand.ErofsTruncationProbe;
import dev.sluice.ondemand.FileBackedErofs;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.Probe;
import dev.sluice.ondemand.ProbeResult;
import dev.sluice.ondemand.cachefiles.CachefilesBackend;
import dev.sluice.ondemand.cachefiles.CachefilesOptions;
import dev.sluice.ondemand.fanotify.FanotifyBackend;
import dev.sluice.ondemand.fanotify.FanotifyOptions;
import dev.sluice.ondemand.fanotify.FanotifyProbe;
import dev.sluice.ondemand.fuse.FuseBackend;
import dev.sluice.ondemand.fuse.FuseOptions;
import dev.sluice.ondemand.fuse.FuseProbe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Chooses and starts the backend. */
final class Backends {
    private static final Logger log = LoggerFactory.getLogger(Backends.class);

    /** In the order in which {@code auto} tries them. */
    private static final List<BackendChoice> ALL =
            List.of(BackendChoice.CACHEFILES, BackendChoice.FANOTIFY, BackendChoice.FUSE);

    private final Config config;
    private final Linux linux;
    private final Path root;
    private final Keeper keeper;

    private Backends(Config config, Linux linux, Path root, Keeper keeper) {
        this.config = config;
        this.linux = linux;
        this.root = root;
        this.keeper = keeper;
    }

    /**
     * Starts the backend that the configuration names, or with {@code auto} the first that works here.
     *
     * @param keeper holds the kernel's files while no daemon runs
     * @throws IOException if none works here; the message says why
     */
    static Backend start(Config config, Linux linux, Path root, Keeper keeper) throws IOException {
        Backends backends = new Backends(config, linux, root, keeper);
        return config.backend() == BackendChoice.AUTO ? backends.first() : backends.start(config.backend());
    }

    private Backend first() throws IOException {
        List<String> reasons = new ArrayList<>();
        for (BackendChoice choice : ALL) {
            try {
                return start(choice);
            } catch (IOException e) {
                log.info("{}", e.getMessage());
                reasons.add(String.valueOf(e.getMessage()));
            }
        }
        throw new IOException(String.join("; ", reasons));
    }

    private Backend start(BackendChoice choice) throws IOException {
        try {
            return switch (choice) {
                case CACHEFILES -> cachefiles();
                case FANOTIFY -> fanotify();
                case AUTO, FUSE -> fuse();
            };
        } catch (IOException e) {
            throw new IOException("backend " + choice + " does not work here: " + e.getMessage(), e);
        }
    }

    private Backend cachefiles() throws IOException {
        if (!Files.exists(CachefilesBackend.DEVICE)) {
            throw new IOException("the kernel has no " + CachefilesBackend.DEVICE);
        }
        Config.Cachefiles cachefiles = config.cachefiles();
        CachefilesOptions options = new CachefilesOptions(
                cachefiles.directory().orElse(root.resolve("cachefiles")),
                cachefiles.tag(),
                cachefiles.limits(),
                cachefiles.threads());
        return CachefilesBackend.start(linux, options, keeper, root);
    }

    private Backend fanotify() throws IOException {
        if (!keeper.isPresent()) {
            throw new IOException(
                    "there is no keeper, and without one containers would read zeros when the daemon dies");
        }
        ErofsMounter erofs = new FileBackedErofs(linux.mounts());
        for (Probe probe : List.of(new FanotifyProbe(linux, root), new ErofsTruncationProbe(linux, erofs, root))) {
            ProbeResult result = probe.run();
            if (!result.ok()) {
                throw new IOException(result.reason());
            }
        }
        FanotifyOptions options = new FanotifyOptions(
                config.fanotify().threads(), FanotifyOptions.defaults().completionInterval());
        return FanotifyBackend.start(linux, options, erofs, BootId.current(), keeper);
    }

    private Backend fuse() throws IOException {
        ErofsMounters.Choice choice = erofs(config, linux, root);
        ErofsMounter erofs = choice.mounter();
        ProbeResult probe = new FuseProbe(linux, erofs, root).run();
        if (!probe.ok()) {
            throw new IOException(probe.reason());
        }
        log.info("EROFS is mounted on {}: {}", erofs.way(), choice.reason());
        return FuseBackend.start(
                linux,
                root.resolve("fuse"),
                FuseOptions.defaults().withThreads(config.fuse().threads()),
                erofs,
                BootId.current(),
                keeper);
    }

    /** @param scratch an existing directory, on the file system that will hold the layers */
    static ErofsMounters.Choice erofs(Config config, Linux linux, Path scratch) throws IOException {
        return switch (config.fuse().loopDevices()) {
            case AUTO -> ErofsMounters.choose(linux, scratch);
            case ALWAYS -> new ErofsMounters.Choice(ErofsMounters.loopDevices(linux), "fuse.loop_devices is always");
        };
    }
}
