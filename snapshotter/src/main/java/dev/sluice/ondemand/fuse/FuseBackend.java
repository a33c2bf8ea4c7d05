package dev.sluice.ondemand.fuse;

import dev.sluice.fill.BootId;
import dev.sluice.fill.DataDevice;
import dev.sluice.fill.LayerFill;
import dev.sluice.fill.SparseFileDevice;
import dev.sluice.linux.EventFd;
import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.MountTable;
import dev.sluice.linux.Mounts.UnmountFlag;
import dev.sluice.linux.OpenFlags;
import dev.sluice.linux.SystemInfo;
import dev.sluice.ondemand.Backend;
import dev.sluice.ondemand.ErofsMounter;
import dev.sluice.ondemand.LayerFiles;
import dev.sluice.ondemand.LayerSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Attached devices as read-only files of one flat FUSE directory; EROFS takes them as {@code device=}. A read of bytes that are
 * absent waits in the kernel, not in a thread of ours. Once the connection is gone, for whatever reason, readers get errors.
 *
 * <p>Safe for use by many threads. No thread that fills devices or answers requests may open, stat or read what is mounted here.
 */
public final class FuseBackend implements Backend {
    private static final Logger log = LoggerFactory.getLogger(FuseBackend.class);

    private static final String SUBTYPE = "sluice";
    private static final String MOUNT_TYPE = "fuse." + SUBTYPE;
    private static final Pattern NAME = Pattern.compile("[0-9a-f]{1,64}");

    private final Linux linux;
    private final Path mountPoint;
    private final ErofsMounter erofs;
    private final BootId bootId;
    private final LinuxFile device;
    private final FuseConnection connection;
    private final EventFd stop;
    private final Reads reads;
    private final Notifications notifications;
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicBoolean lost = new AtomicBoolean();
    private final Object changes = new Object();

    /** Replaced under {@link #changes}, read without. */
    private volatile NodeTable nodes = NodeTable.EMPTY;

    private boolean closed;

    private FuseBackend(
            Linux linux,
            Path mountPoint,
            ErofsMounter erofs,
            BootId bootId,
            LinuxFile device,
            FuseConnection connection,
            EventFd stop) {
        this.linux = linux;
        this.mountPoint = mountPoint;
        this.erofs = erofs;
        this.bootId = bootId;
        this.device = device;
        this.connection = connection;
        this.stop = stop;
        Channel channel = new Channel(device);
        this.reads = new Reads(channel, FuseBackend::isBeingKilled);
        this.notifications = new Notifications(channel);
    }

    /**
     * Mounts the directory and begins to answer. An earlier mount of Sluice at this place is detached first.
     *
     * @param mountPoint absolute; made if it is missing
     * @param erofs mounts layers on what is served here
     * @param bootId of the running kernel
     * @throws IOException if FUSE cannot be used here, or something else is mounted at this place
     */
    public static FuseBackend start(
            Linux linux, Path mountPoint, FuseOptions options, ErofsMounter erofs, BootId bootId) throws IOException {
        detachEarlierMounts(linux, mountPoint);
        Files.createDirectories(mountPoint);
        LinuxFile device = linux.open(Path.of("/dev/fuse"), OpenFlags.O_RDWR | OpenFlags.O_NONBLOCK, 0);
        boolean mounted = false;
        try {
            linux.mounts().fuse(device, SUBTYPE, SUBTYPE, mountPoint, options.maxReadBytes());
            mounted = true;
            FuseConnection connection = new Handshake(linux, device, options).negotiate();
            FuseBackend backend =
                    new FuseBackend(linux, mountPoint, erofs, bootId, device, connection, linux.eventFd());
            backend.startThreads(options.threads());
            log.info("FUSE 7.{} serves {}", connection.minor(), mountPoint);
            return backend;
        } catch (IOException | RuntimeException e) {
            device.close();
            if (mounted) {
                linux.mounts().unmount(mountPoint, UnmountFlag.DETACH);
            }
            throw e;
        }
    }

    @Override
    public String name() {
        return "fuse";
    }

    /** What kernel and daemon agreed on. */
    public FuseConnection connection() {
        return connection;
    }

    @Override
    public DataDevice openDevice(String name, LayerFiles files, long size) throws IOException {
        return SparseFileDevice.open(linux, files.data(), files.present(), size, bootId);
    }

    @Override
    public AttachedDevice attach(String name, LayerFiles files, LayerFill layer) throws IOException {
        return new Attached(expose(name, layer), files, layer.device());
    }

    @Override
    public void resume(LayerSource layers) {
        // A connection ends with the process that serves it, and so do its mounts.
    }

    @Override
    public long bytesElsewhere(String name) {
        return 0;
    }

    @Override
    public void discard(String name) {
        // All of a layer is in its directory.
    }

    /** Makes a device readable as a file. */
    FuseFile expose(String name, LayerFill layer) throws IOException {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("not up to 64 hexadecimal digits: " + name);
        }
        Node node = new Node(name, layer);
        synchronized (changes) {
            if (closed || lost.get()) {
                throw new IOException("Tried to attach " + name + " but the FUSE connection is gone");
            }
            Node sameId = nodes.byId(node.id());
            if (sameId != null) {
                throw new IOException("Tried to attach " + name + " but " + sameId.name() + " is attached");
            }
            nodes = nodes.with(node);
        }
        return new FuseFile(node);
    }

    @Override
    public void close() throws IOException {
        synchronized (changes) {
            if (closed) {
                return;
            }
            closed = true;
            nodes = NodeTable.EMPTY;
        }
        stop.signal();
        joinThreads();
        reads.failAll();
        try {
            // Somebody may have unmounted it before.
            if (MountTable.read().at(mountPoint).filter(FuseBackend::isOurs).isPresent()) {
                linux.mounts().unmount(mountPoint, UnmountFlag.DETACH);
            }
        } finally {
            // Requests that nobody has read fail now.
            device.close();
            stop.close();
        }
    }

    private void detach(Node node) {
        synchronized (changes) {
            if (node.isDetached()) {
                return;
            }
            node.detach();
            nodes = nodes.without(node);
        }
        reads.failAll(node);
        notifications.forget(node);
    }

    private void startThreads(int count) {
        Channel channel = new Channel(device);
        for (int i = 0; i < count; i++) {
            RequestHandler handler = new RequestHandler(connection, channel, () -> nodes, reads);
            RequestLoop loop = new RequestLoop(linux, device, stop, handler, reads);
            Thread thread = new Thread(() -> run(loop), "fuse-" + i);
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
    }

    private void run(RequestLoop loop) {
        try {
            loop.run();
        } catch (IOException | RuntimeException | Error e) {
            connectionLost(e);
        }
    }

    /** Nobody may be left waiting for an answer that does not come: closing the device makes the kernel fail them. */
    private void connectionLost(Throwable cause) {
        if (lost.compareAndSet(false, true)) {
            log.error("The FUSE connection of {} is lost, its readers get I/O errors", mountPoint, cause);
            reads.failAll();
            device.close();
            try {
                stop.signal();
            } catch (IOException e) {
                log.error("Tried to stop the FUSE threads but failed", e);
            }
        }
    }

    private void joinThreads() {
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Looks only into the mount table: a dead mount fails everything else, and one that hangs would not return. */
    private static void detachEarlierMounts(Linux linux, Path mountPoint) throws IOException {
        while (true) {
            Optional<MountTable.Mount> mount = MountTable.read().at(mountPoint);
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

    private static boolean isOurs(MountTable.Mount mount) {
        return mount.type().equals(MOUNT_TYPE);
    }

    private static boolean isBeingKilled(int thread) {
        try {
            return thread > 0 && SystemInfo.isBeingKilled(thread);
        } catch (IOException e) {
            log.debug("Nothing is known of thread {}", thread, e);
            return false;
        }
    }

    /** A device as a file of the FUSE directory. */
    final class FuseFile implements AutoCloseable {
        private final Node node;

        private FuseFile(Node node) {
            this.node = node;
        }

        Path path() {
            return mountPoint.resolve(node.name());
        }

        @Override
        public void close() {
            detach(node);
        }
    }

    private final class Attached implements AttachedDevice {
        private final FuseFile file;
        private final LayerFiles files;
        private final DataDevice device;

        Attached(FuseFile file, LayerFiles files, DataDevice device) {
            this.file = file;
            this.files = files;
            this.device = device;
        }

        @Override
        public void mount(Path metadata, Path target) throws IOException {
            boolean complete = device.firstAbsent(0) >= device.size();
            erofs.mount(metadata, complete ? files.data() : file.path(), target);
        }

        @Override
        public void onWritable(Runnable action) {
            action.run();
        }

        @Override
        public void close() {
            file.close();
        }
    }
}
