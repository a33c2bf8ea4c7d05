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

    /** The connection's name at the keeper, and the one of its journal. */
    private static final String KEPT = "fuse";

    private static final String KEPT_JOURNAL = "fuse-journal";

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
     * @param journal of what is not answered yet, if it is kept and the kernel does not know that itself
     * @param isKept whether the keeper has it
     * @param isTakenOver whether another process has served it before
     */
    record Open(
            LinuxFile device,
            FuseConnection connection,
            Optional<Journal> journal,
            boolean isKept,
            boolean isTakenOver) {}

    /** @throws IOException if FUSE cannot be used here, or something else is mounted at this place */
    Open open() throws IOException {
        Optional<LinuxFile> kept = keeper.take(KEPT);
        if (kept.isPresent()) {
            Optional<Open> open = takeOver(kept.get());
            if (open.isPresent()) {
                return open.get();
            }
            kept.get().close();
            letGo();
        }
        return mount();
    }

    /** Takes over what is kept, and changes nothing if it cannot be served any more. */
    Optional<Open> takeOver() throws IOException {
        Optional<LinuxFile> kept = keeper.take(KEPT);
        Optional<Open> open = kept.isPresent() ? takeOver(kept.get()) : Optional.empty();
        if (kept.isPresent() && open.isEmpty()) {
            kept.get().close();
        }
        return open;
    }

    /** Ends the keeping, and with it the connection, once this process has closed it. */
    void letGo() throws IOException {
        keeper.forget(KEPT, KEPT_JOURNAL);
    }

    /** Takes the mount out of the tree, if it is still there. */
    void unmount() throws IOException {
        if (MountTable.read().at(mountPoint).filter(Connector::isOurs).isPresent()) {
            linux.mounts().unmount(mountPoint, UnmountFlag.DETACH);
        }
    }

    private Optional<Open> takeOver(LinuxFile device) throws IOException {
        Optional<FuseConnection> connection = agreement(device);
        if (connection.isEmpty()) {
            return Optional.empty();
        }
        if (connection.get().has(InitFlag.HAS_RESEND)) {
            return Optional.of(new Open(device, connection.get(), Optional.empty(), true, true));
        }
        return keptJournal().map(journal -> new Open(device, connection.get(), Optional.of(journal), true, true));
    }

    /** Without it nobody knows who waits for an answer. */
    private Optional<Journal> keptJournal() throws IOException {
        Optional<LinuxFile> kept = keeper.take(KEPT_JOURNAL);
        if (kept.isEmpty()) {
            log.error("The FUSE connection of {} was kept without its journal", mountPoint);
            return Optional.empty();
        }
        try (LinuxFile file = kept.get()) {
            return Optional.of(Journal.open(file));
        } catch (IOException e) {
            log.error("The journal of the FUSE connection of {} is of no use", mountPoint, e);
            return Optional.empty();
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
            return keeper.isPresent()
                    ? new Open(device, connection, keep(device, connection), true, false)
                    : new Open(device, connection, Optional.empty(), false, false);
        } catch (IOException | RuntimeException e) {
            device.close();
            if (mounted) {
                linux.mounts().unmount(mountPoint, UnmountFlag.DETACH);
            }
            throw e;
        }
    }

    /** The connection last: whoever finds it with the keeper finds the rest, too. */
    private Optional<Journal> keep(LinuxFile device, FuseConnection connection) throws IOException {
        Mount mount = MountTable.read()
                .at(mountPoint)
                .orElseThrow(() -> new IOException(mountPoint + " was unmounted at once"));
        file.write(new ConnectionFile.Contents(bootId, mount.device(), connection));
        Optional<Journal> journal =
                connection.has(InitFlag.HAS_RESEND) ? Optional.empty() : Optional.of(keepNewJournal());
        keeper.keep(KEPT, device);
        return journal;
    }

    private Journal keepNewJournal() throws IOException {
        try (LinuxFile file = Journal.createFile(linux)) {
            keeper.keep(KEPT_JOURNAL, file);
            return Journal.open(file);
        }
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
