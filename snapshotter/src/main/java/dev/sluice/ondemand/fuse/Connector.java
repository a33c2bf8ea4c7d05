package dev.sluice.ondemand.fuse;

import dev.sluice.fill.BootId;
import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.MountTable;
import dev.sluice.linux.MountTable.Mount;
import dev.sluice.linux.Mounts.UnmountFlag;
import dev.sluice.linux.OpenFlags;
import dev.sluice.linux.Poller;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.fuse.Protocol.InitFlag;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Mounts the directory, or takes over the connection of the process before, with its mount. Looks only into the mount table: a dead
 * mount fails everything else, and one that nobody serves would not return.
 */
final class Connector {
    private static final Logger log = LoggerFactory.getLogger(Connector.class);

    /** The connection's name at the keeper. */
    private static final String KEPT = "fuse";

    private static final String SUBTYPE = "sluice";
    private static final String MOUNT_TYPE = "fuse." + SUBTYPE;

    private final Linux linux;
    private final Path mountPoint;
    private final FuseOptions options;
    private final boolean readsDirectly;
    private final BootId bootId;
    private final Keeper keeper;
    private final ConnectionFile file;

    Connector(Linux linux, Path mountPoint, FuseOptions options, boolean readsDirectly, BootId bootId, Keeper keeper) {
        this.linux = linux;
        this.mountPoint = mountPoint;
        this.options = options;
        this.readsDirectly = readsDirectly;
        this.bootId = bootId;
        this.keeper = keeper;
        this.file = ConnectionFile.beside(mountPoint);
    }

    /**
     * An open connection.
     *
     * @param device non-blocking
     * @param isKept whether the keeper has it
     * @param isTakenOver whether another process has served it before
     */
    record Open(LinuxFile device, FuseConnection connection, boolean isKept, boolean isTakenOver) {}

    /** @throws IOException if FUSE cannot be used here, or something else is mounted at this place */
    Open open() throws IOException {
        Optional<LinuxFile> kept = keeper.take(KEPT);
        if (kept.isPresent()) {
            Optional<FuseConnection> connection = agreement(kept.get());
            if (connection.isPresent()) {
                return new Open(kept.get(), connection.get(), true, true);
            }
            kept.get().close();
            letGo();
        }
        return mount();
    }

    /** Ends the keeping, and with it the connection, once this process has closed it. */
    void letGo() throws IOException {
        keeper.forget(KEPT);
    }

    /** Takes the mount out of the tree, if it is still there. */
    void unmount() throws IOException {
        if (MountTable.read().at(mountPoint).filter(Connector::isOurs).isPresent()) {
            linux.mounts().unmount(mountPoint, UnmountFlag.DETACH);
        }
    }

    /** What was agreed on when a connection began that is kept; empty if it cannot be served any more. */
    private Optional<FuseConnection> agreement(LinuxFile device) throws IOException {
        Optional<ConnectionFile.Contents> known = file.read();
        Optional<Mount> mount = MountTable.read().at(mountPoint);
        if (known.isEmpty()
                || !known.get().boot().equals(bootId)
                || mount.isEmpty()
                || !mount.get().device().equals(known.get().device())) {
            log.error(
                    "The kept FUSE connection is not the one of {}; what reads through it gets I/O errors", mountPoint);
            return Optional.empty();
        }
        Poller poller = linux.poller(List.of(device));
        poller.await(0);
        if (poller.hasFailed(0)) {
            log.error("The kept FUSE connection of {} was ended by the kernel", mountPoint);
            return Optional.empty();
        }
        return Optional.of(known.get().connection());
    }

    private Open mount() throws IOException {
        detachEarlierMounts();
        Files.createDirectories(mountPoint);
        LinuxFile device = linux.open(Path.of("/dev/fuse"), OpenFlags.O_RDWR | OpenFlags.O_NONBLOCK, 0);
        boolean mounted = false;
        try {
            linux.mounts().fuse(device, SUBTYPE, SUBTYPE, mountPoint, options.maxReadBytes());
            mounted = true;
            FuseConnection connection = new Handshake(linux, device, options, readsDirectly).negotiate();
            return new Open(device, connection, keep(device, connection), false);
        } catch (IOException | RuntimeException e) {
            device.close();
            if (mounted) {
                linux.mounts().unmount(mountPoint, UnmountFlag.DETACH);
            }
            throw e;
        }
    }

    /** The file first: whoever finds a kept connection finds its file, too. */
    private boolean keep(LinuxFile device, FuseConnection connection) throws IOException {
        if (!keeper.isPresent()) {
            return false;
        }
        if (!connection.has(InitFlag.HAS_RESEND)) {
            log.info("This kernel cannot repeat FUSE requests, so that the connection is not kept; Linux 6.9 can");
            return false;
        }
        Mount mount = MountTable.read()
                .at(mountPoint)
                .orElseThrow(() -> new IOException(mountPoint + " was unmounted at once"));
        file.write(new ConnectionFile.Contents(bootId, mount.device(), connection));
        keeper.keep(KEPT, device);
        return true;
    }

    private void detachEarlierMounts() throws IOException {
        while (true) {
            Optional<Mount> mount = MountTable.read().at(mountPoint);
            if (mount.isEmpty()) {
                return;
            }
            if (!isOurs(mount.get())) {
                throw new IOException("Tried to mount FUSE on " + mountPoint + " but "
                        + mount.get().type() + " is mounted there");
            }
            log.warn("Detaching an earlier FUSE mount at {}", mountPoint);
            linux.mounts().unmount(mountPoint, UnmountFlag.DETACH);
        }
    }

    private static boolean isOurs(Mount mount) {
        return mount.type().equals(MOUNT_TYPE);
    }
}
