package dev.sluice.ondemand.fuse;

import dev.sluice.fill.BootId;
import dev.sluice.fill.DataDevice;
import dev.sluice.fill.LayerFill;
import dev.sluice.fill.SparseFileDevice;
import dev.sluice.linux.EventFd;
import dev.sluice.linux.Linux;
import dev.sluice.linux.Poller;
import dev.sluice.linux.SystemInfo;
import dev.sluice.ondemand.Backend;
import dev.sluice.ondemand.ErofsMounter;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.LayerFiles;
import dev.sluice.ondemand.LayerSource;
import dev.sluice.ondemand.ReadCounters;
import dev.sluice.ondemand.ReadStatistics;
import dev.sluice.ondemand.ServingThreads;
import java.io.IOException;
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

    private static final Pattern NAME = Pattern.compile("[0-9a-f]{1,64}");

    private final Linux linux;
    private final Path mountPoint;
    private final ErofsMounter erofs;
    private final BootId bootId;
    private final FuseOptions options;
    private final Connector connector;
    private final Connector.Open opened;
    private final Channel channel;
    private final EventFd stop;
    private final Unanswered unanswered;
    private final Reads reads;
    private final Notifications notifications;
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicBoolean lost = new AtomicBoolean();
    private final Object changes = new Object();

    /** Replaced under {@link #changes}, read without. */
    private final ReadCounters counters = new ReadCounters();

    private volatile NodeTable nodes = NodeTable.EMPTY;

    private Optional<LeftNodes> left = Optional.empty();
    private boolean closed;

    private FuseBackend(
            Linux linux,
            Path mountPoint,
            FuseOptions options,
            ErofsMounter erofs,
            BootId bootId,
            Connector connector,
            Connector.Open opened,
            EventFd stop) {
        this.linux = linux;
        this.mountPoint = mountPoint;
        this.options = options;
        this.erofs = erofs;
        this.bootId = bootId;
        this.connector = connector;
        this.opened = opened;
        this.stop = stop;
        this.channel = new Channel(opened.device());
        this.unanswered = opened.journal().map(Unanswered.class::cast).orElse(Unanswered.FORGOTTEN);
        this.reads = new Reads(channel, unanswered, FuseBackend::isBeingKilled, counters);
        this.notifications = new Notifications(channel);
    }

    /**
     * Mounts the directory and begins to answer. If a keeper has the connection of an earlier process, that is taken over with its mount,
     * and answers begin with {@link #resume}; else an earlier mount of Sluice at this place is detached.
     *
     * @param mountPoint absolute; made if it is missing
     * @param erofs mounts layers on what is served here
     * @param bootId of the running kernel
     * @param keeper holds the connection while no process serves it
     * @throws IOException if FUSE cannot be used here, or something else is mounted at this place
     */
    public static FuseBackend start(
            Linux linux, Path mountPoint, FuseOptions options, ErofsMounter erofs, BootId bootId, Keeper keeper)
            throws IOException {
        Connector connector = new Connector(linux, mountPoint, options, erofs.readsDirectly(), bootId, keeper);
        EventFd stop = linux.eventFd();
        Connector.Open opened;
        try {
            opened = connector.open();
        } catch (IOException | RuntimeException e) {
            stop.close();
            throw e;
        }
        FuseBackend backend = new FuseBackend(linux, mountPoint, options, erofs, bootId, connector, opened, stop);
        if (!opened.isTakenOver()) {
            backend.startThreads();
        }
        log.info(
                "FUSE 7.{} serves {}{}",
                opened.connection().minor(),
                mountPoint,
                opened.isTakenOver() ? ", taken over from the process before" : "");
        return backend;
    }

    /** Like {@link #start}, but empty if there is no connection of a process before. */
    static Optional<FuseBackend> takeOver(
            Linux linux, Path mountPoint, FuseOptions options, ErofsMounter erofs, BootId bootId, Keeper keeper)
            throws IOException {
        Connector connector = new Connector(linux, mountPoint, options, erofs.readsDirectly(), bootId, keeper);
        Optional<Connector.Open> opened = connector.takeOver();
        return opened.isPresent()
                ? Optional.of(new FuseBackend(
                        linux, mountPoint, options, erofs, bootId, connector, opened.get(), linux.eventFd()))
                : Optional.empty();
    }

    /** Whether every request was answered. */
    boolean isQuiet() throws IOException {
        Poller poller = linux.poller(List.of(opened.device()));
        poller.await(0);
        return !poller.isReadable(0);
    }

    @Override
    public String name() {
        return "fuse";
    }

    /** What kernel and daemon agreed on. */
    public FuseConnection connection() {
        return opened.connection();
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
    public void resume(LayerSource layers) throws IOException {
        if (!opened.isTakenOver()) {
            // A connection that nobody keeps ends with the process that serves it.
            return;
        }
        left = Optional.of(LeftNodes.of(layers, () -> nodes, channel));
        // Before anything is read: what this process has not answered yet must not come again.
        if (opened.journal().isPresent()) {
            RequestHandler handler = handler();
            int settled = opened.journal().get().settle(handler::handle);
            log.info("{} FUSE requests of the process before are answered again", settled);
        } else {
            notifications.resend();
        }
        startThreads();
    }

    @Override
    public Optional<String> failure() {
        return lost.get() ? Optional.of("the FUSE connection is lost") : Optional.empty();
    }

    @Override
    public ReadStatistics reads() {
        return counters.snapshot();
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
        }
        stop.signal();
        ServingThreads.join(threads);
        left.ifPresent(LeftNodes::close);
        // Not before: what asks for a node that is not there gets an error.
        nodes = NodeTable.EMPTY;
        try {
            if (opened.isKept() && !lost.get()) {
                reads.leaveAll();
            } else {
                reads.failAll();
                connector.unmount();
            }
        } finally {
            // Requests that nobody has read fail now, unless the keeper has the connection.
            opened.device().close();
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

    private void startThreads() {
        for (int i = 0; i < options.threads(); i++) {
            RequestLoop loop = new RequestLoop(linux, opened.device(), stop, handler(), reads, unanswered, i);
            Thread thread = new Thread(() -> run(loop), "fuse-" + i);
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
    }

    private RequestHandler handler() {
        return new RequestHandler(opened.connection(), channel, () -> nodes, reads, unanswered, left.orElse(null));
    }

    private void run(RequestLoop loop) {
        try {
            loop.run();
        } catch (IOException | RuntimeException | Error e) {
            connectionLost(e);
        }
    }

    /** Nobody may be left waiting for an answer that does not come: once nobody has the device open, the kernel fails them. */
    private void connectionLost(Throwable cause) {
        if (lost.compareAndSet(false, true)) {
            log.error("The FUSE connection of {} is lost, its readers get I/O errors", mountPoint, cause);
            reads.failAll();
            opened.device().close();
            try {
                stop.signal();
                if (opened.isKept()) {
                    connector.letGo();
                }
            } catch (IOException e) {
                log.error("Tried to end the FUSE connection but failed", e);
            }
        }
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
