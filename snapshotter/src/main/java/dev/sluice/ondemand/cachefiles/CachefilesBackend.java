package dev.sluice.ondemand.cachefiles;

import dev.sluice.fill.DataDevice;
import dev.sluice.fill.LayerFill;
import dev.sluice.fill.StagingBuffers;
import dev.sluice.linux.Errno;
import dev.sluice.linux.EventFd;
import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxException;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.MountTable;
import dev.sluice.linux.Mounts.UnmountFlag;
import dev.sluice.linux.OpenFlags;
import dev.sluice.ondemand.Backend;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.LayerFiles;
import dev.sluice.ondemand.LayerSource;
import dev.sluice.ondemand.ReadCounters;
import dev.sluice.ondemand.ReadStatistics;
import dev.sluice.ondemand.ServingThreads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Attached devices as cookies of the kernel's cache; EROFS takes them as {@code fsid=} and {@code device=} of one domain. All that is cached
 * is in the kernel's cache, and it alone reads it. There is one such cache per machine.
 *
 * <p>If a keeper holds the cache while we are dead, readers wait for the next process. Else what is cached can still be read, all other
 * reads fail, and the mounts stay so: the next process makes new ones, in a new domain if the old one is still mounted.
 *
 * <p>Safe for use by many threads. No thread that fills devices or answers requests may mount, unmount, open, stat or read what is mounted
 * here.
 */
public final class CachefilesBackend implements Backend {
    private static final Logger log = LoggerFactory.getLogger(CachefilesBackend.class);

    /** Through which the kernel asks. */
    public static final Path DEVICE = Path.of("/dev/cachefiles");

    private static final String KEPT = "cachefiles";
    private static final Duration VOLUME_RELEASE = Duration.ofSeconds(3);
    private static final Duration VOLUME_POLL = Duration.ofMillis(50);
    private static final Pattern NAME = Pattern.compile("[0-9a-f]{1,64}");

    private final Linux linux;
    private final Keeper keeper;
    private final LinuxFile device;
    private final CacheControl control;
    private final Culler culler;
    private final EventFd stop;
    private final ReadCounters counters = new ReadCounters();
    private final Reads reads = new Reads(counters);
    private final Cookies cookies;
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicBoolean lost = new AtomicBoolean();
    private final AtomicInteger mounts = new AtomicInteger();
    private final String run = Long.toString(System.currentTimeMillis(), Character.MAX_RADIX);
    private volatile boolean closed;

    private CachefilesBackend(Linux linux, CachefilesOptions options, LinuxFile device, Keeper keeper, String domain)
            throws IOException {
        this.linux = linux;
        this.keeper = keeper;
        this.device = device;
        this.control = new CacheControl(device);
        this.culler = new Culler(linux, options, device, control);
        this.stop = linux.eventFd();
        this.cookies = new Cookies(linux, control, culler, new StagingBuffers(options.threads()), domain);
    }

    /**
     * Makes a directory the kernel's cache, or takes over the cache that a keeper held, and begins to answer.
     *
     * @param scratch an existing directory, in which an image is mounted to prove that it works; mounts of a dead cache below it are detached
     * @throws IOException if it does not work here; the message says why
     */
    public static CachefilesBackend start(Linux linux, CachefilesOptions options, Keeper keeper, Path scratch)
            throws IOException {
        Optional<LinuxFile> kept = keeper.take(KEPT);
        if (kept.isPresent()) {
            Optional<CachefilesBackend> resumed = takeOver(linux, options, keeper, kept.get());
            if (resumed.isPresent()) {
                return resumed.get();
            }
        }
        return startNew(linux, options, keeper, scratch);
    }

    private static Optional<CachefilesBackend> takeOver(
            Linux linux, CachefilesOptions options, Keeper keeper, LinuxFile device) throws IOException {
        CacheDirectory directory = new CacheDirectory(options.directory());
        int domain = directory.newestDomain().orElse(1);
        CachefilesBackend backend =
                new CachefilesBackend(linux, options, device, keeper, CacheDirectory.domain(domain));
        try {
            // Before anything is read: an OPEN that was handed out already would be handed out twice, and the kernel
            // fails the second one.
            backend.control.restore();
        } catch (LinuxException e) {
            log.warn(
                    "The kernel cannot say again what nobody has answered ({}): readers that wait get I/O errors",
                    e.getMessage());
            keeper.forget(KEPT);
            backend.release();
            return Optional.empty();
        }
        backend.startThreads(options.threads());
        log.info("Took over the kernel's cache {}, domain {}", options.directory(), backend.cookies.domain());
        return Optional.of(backend);
    }

    private static CachefilesBackend startNew(Linux linux, CachefilesOptions options, Keeper keeper, Path scratch)
            throws IOException {
        detachDeadMounts(linux, scratch);
        CacheDirectory directory = new CacheDirectory(Files.createDirectories(options.directory()));
        int domain = freeDomain(directory.newestDomain().orElse(1));
        LinuxFile device = open(linux);
        CachefilesBackend backend;
        try {
            backend = new CachefilesBackend(linux, options, device, keeper, CacheDirectory.domain(domain));
            backend.control.bind(options);
        } catch (IOException | RuntimeException e) {
            device.close();
            throw e;
        }
        backend.startThreads(options.threads());
        try {
            new CacheProof(linux, backend.cookies, scratch).run("probe-" + backend.run);
            directory.deleteAllBut(backend.cookies.domain());
            keeper.keep(KEPT, device);
        } catch (IOException | RuntimeException e) {
            backend.close();
            throw e;
        }
        log.info("The kernel's cache is in {}, domain {}", options.directory(), backend.cookies.domain());
        return backend;
    }

    /** What nobody uses any more must not keep its domain from being used. Overlays keep what they use. */
    private static void detachDeadMounts(Linux linux, Path directory) throws IOException {
        for (MountTable.Mount mount : MountTable.read().under(directory)) {
            if (mount.type().equals("erofs") && CacheDirectory.isInOurDomain(mount.superOptions())) {
                linux.mounts().unmount(Path.of(mount.mountPoint()), UnmountFlag.DETACH);
            }
        }
    }

    private static LinuxFile open(Linux linux) throws IOException {
        try {
            return linux.open(DEVICE, OpenFlags.O_RDWR, 0);
        } catch (LinuxException e) {
            if (e.is(Errno.EBUSY)) {
                throw new IOException("another process uses " + DEVICE + ", of which there is one per machine", e);
            }
            throw e;
        }
    }

    /**
     * The newest domain, if nothing of it is mounted any more; else the next one. A cookie that a mount of a dead cache still holds cannot
     * be opened again, and all mounts of a domain share their devices' cookies. The kernel lets a volume go a while after its last mount.
     */
    private static int freeDomain(int newest) throws IOException {
        String volume = CacheDirectory.volumeKey(CacheDirectory.domain(newest));
        long end = System.nanoTime() + VOLUME_RELEASE.toNanos();
        while (FscacheVolumes.read().keys().contains(volume)) {
            if (System.nanoTime() > end) {
                log.warn("Mounts of an earlier daemon's cache are still there, what they have cached is fetched again");
                return newest + 1;
            }
            LockSupport.parkNanos(VOLUME_POLL.toNanos());
        }
        return newest;
    }

    @Override
    public String name() {
        return "cachefiles";
    }

    @Override
    public DataDevice openDevice(String name, LayerFiles files, long size) {
        return new CookieDevice(name, size);
    }

    @Override
    public AttachedDevice attach(String name, LayerFiles files, LayerFill layer) throws IOException {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("not up to 64 hexadecimal digits: " + name);
        }
        if (closed || lost.get()) {
            throw new IOException("Tried to attach " + name + " but the kernel's cache is gone");
        }
        Cookie cookie = Cookie.ofLayer(layer);
        cookies.add(cookie);
        return new Attached(cookie);
    }

    @Override
    public void resume(LayerSource layers) {
        cookies.resume(layers);
    }

    @Override
    public Optional<String> failure() {
        return lost.get() ? Optional.of("the kernel's cache is lost") : Optional.empty();
    }

    @Override
    public ReadStatistics reads() {
        return counters.snapshot();
    }

    @Override
    public long bytesElsewhere(String name) {
        return cookies.find(name).map(cookie -> cookie.device().presentBytes()).orElse(0L);
    }

    @Override
    public void discard(String name) {
        culler.discard(cookies.domain(), name);
    }

    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        stopThreads();
        if (keeper.isPresent()) {
            reads.leaveAll();
        } else {
            reads.failAll();
        }
        release();
    }

    /** Without a keeper this ends the cache; what nobody has answered fails. */
    private void release() throws IOException {
        culler.close();
        cookies.close();
        device.close();
        stop.close();
    }

    private void startThreads(int count) {
        Requests requests = new Requests();
        for (int i = 0; i < count; i++) {
            RequestLoop loop = new RequestLoop(linux, device, stop, requests);
            Thread thread = new Thread(() -> run(loop), "cachefiles-" + i);
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
        culler.start();
    }

    private void stopThreads() throws IOException {
        stop.signal();
        ServingThreads.join(threads);
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
            log.error("The kernel's cache is lost, readers of what is not in it get I/O errors", cause);
            try {
                keeper.forget(KEPT);
                stop.signal();
            } catch (IOException e) {
                log.error("Tried to give the kernel's cache up but failed", e);
            }
            reads.failAll();
            cookies.closeAll();
            device.close();
        }
    }

    /** What the request loops are given. */
    private final class Requests implements RequestLoop.Handler {
        @Override
        public void open(int messageId, int objectId, int fd, String volumeKey, String cookieKey) {
            cookies.open(messageId, objectId, linux.adopt(fd, "cache object " + cookieKey), volumeKey, cookieKey);
        }

        @Override
        public void malformedOpen(int messageId, int fd) {
            control.openFailed(messageId, Errno.EINVAL);
            if (fd >= 0) {
                linux.adopt(fd, "cache object").close();
            }
        }

        @Override
        public void read(int messageId, int objectId, long offset, long bytes) {
            Optional<OpenCookie> cookie = cookies.byObject(objectId);
            if (cookie.isPresent()) {
                reads.read(cookie.get(), messageId, offset, bytes);
            } else {
                log.error("The kernel sent READ {} of object {}, which is not open", messageId, objectId);
            }
        }

        @Override
        public void malformedRead(int messageId, int objectId) {
            cookies.byObject(objectId).ifPresent(cookie -> reads.complete(cookie, messageId));
        }

        @Override
        public void close(int objectId) {
            cookies.closed(objectId);
        }
    }

    private final class Attached implements AttachedDevice {
        private final Cookie cookie;

        Attached(Cookie cookie) {
            this.cookie = cookie;
        }

        @Override
        public void mount(Path metadata, Path target) throws IOException {
            String fsid = MetadataName.of(run + "-" + mounts.incrementAndGet(), cookie.name(), metadata);
            linux.mounts().erofs(fsid, List.of(cookie.name()), cookies.domain(), target);
        }

        @Override
        public void onWritable(Runnable action) {
            if (!cookie.device().onceOpen(action)) {
                action.run();
            }
        }

        @Override
        public void close() {
            cookies.remove(cookie);
        }
    }
}
