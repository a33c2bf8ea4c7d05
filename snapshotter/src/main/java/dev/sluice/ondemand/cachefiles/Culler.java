package dev.sluice.ondemand.cachefiles;

import dev.sluice.linux.Errno;
import dev.sluice.linux.EventFd;
import dev.sluice.linux.FileSystemStatus;
import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxException;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.Poller;
import dev.sluice.linux.ThreadDirectory;
import dev.sluice.ondemand.ServingThreads;
import dev.sluice.ondemand.cachefiles.CacheDirectory.StoredObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes objects out of the cache that are in no use: the least recently used ones when the kernel asks for space, and those of which it is
 * known that nobody will use them again. One thread of its own, whose working directory the kernel looks at.
 */
final class Culler implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Culler.class);

    private static final int FOREVER = -1;
    /** When what could be culled was culled, or what is to go is still in use. */
    private static final int PAUSE_MILLIS = 500;
    /** The kernel closes an object before it gives it its name, and both may take a while. */
    private static final int ATTEMPTS = 20;

    private static final int STOP = 0;
    private static final int WAKE = 1;
    private static final int CACHE = 2;

    private final Linux linux;
    private final Path directory;
    private final CacheDirectory cache;
    private final CacheControl control;
    private final CullLimits limits;
    private final EventFd stop;
    private final EventFd wake;
    private final Poller poller;
    private final Poller pause;
    private final BlockingQueue<Unwanted> unwanted = new LinkedBlockingQueue<>();
    private final Thread thread;

    private record Unwanted(String domain, String cookie, int attempts) {}

    /** @param device becomes writable when the kernel wants space */
    Culler(Linux linux, CachefilesOptions options, LinuxFile device, CacheControl control) throws IOException {
        this.linux = linux;
        this.directory = options.directory();
        this.cache = new CacheDirectory(options.directory());
        this.control = control;
        this.limits = options.limits();
        this.stop = linux.eventFd();
        this.wake = linux.eventFd();
        this.poller = linux.poller(List.of(stop.file(), wake.file()), List.of(device));
        this.pause = linux.poller(List.of(stop.file(), wake.file()));
        this.thread = new Thread(this::run, "cachefiles-cull");
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Takes a cookie's object out of the cache, soon, unless it is in use. */
    void discard(String domain, String cookie) {
        boolean unused = unwanted.offer(new Unwanted(domain, cookie, 0));
        try {
            wake.signal();
        } catch (IOException e) {
            log.debug("The culler has been closed, {} stays in the cache", cookie, e);
        }
    }

    /** Waits for the thread to end. */
    @Override
    public void close() throws IOException {
        stop.signal();
        ServingThreads.join(List.of(thread));
        stop.close();
        wake.close();
    }

    private void run() {
        try {
            loop(linux.threadDirectory());
        } catch (IOException | RuntimeException e) {
            log.error("Culling of {} has ended, the cache's disk may fill up", directory, e);
        }
    }

    private void loop(ThreadDirectory here) throws IOException {
        boolean wait = false;
        while (true) {
            Poller current = wait ? pause : poller;
            boolean waiting = !unwanted.isEmpty();
            current.await(wait || waiting ? PAUSE_MILLIS : FOREVER);
            if (current.isReadable(STOP)) {
                return;
            }
            if (current.isReadable(WAKE)) {
                wake.drain();
            }
            discardUnwanted(here);
            wait = !wait && poller.isWritable(CACHE) && !makeSpace(here);
        }
    }

    private void discardUnwanted(ThreadDirectory here) {
        List<Unwanted> now = new ArrayList<>();
        unwanted.drainTo(now);
        for (Unwanted object : now) {
            Optional<Path> file = cache.find(object.domain(), object.cookie());
            boolean gone = file.isPresent() && cull(here, file.get());
            if (!gone && object.attempts() < ATTEMPTS) {
                boolean unused = unwanted.offer(new Unwanted(object.domain(), object.cookie(), object.attempts() + 1));
            }
        }
    }

    /** @return whether there is enough space now */
    private boolean makeSpace(ThreadDirectory here) throws IOException {
        int culled = 0;
        for (StoredObject object : cache.leastRecentlyUsed()) {
            if (isEnough()) {
                break;
            }
            culled += cull(here, object.path()) ? 1 : 0;
        }
        boolean enough = isEnough();
        if (culled > 0) {
            log.info("The kernel asked for space in its cache {}: {} objects were culled", directory, culled);
        } else if (!enough) {
            log.warn("The disk of the kernel's cache {} is nearly full, and all that is cached is in use", directory);
        }
        return enough;
    }

    private boolean isEnough() throws IOException {
        FileSystemStatus status = linux.statfs(directory);
        return status.availableBytes() >= status.totalBytes() / 100 * limits.run()
                && status.freeFiles() >= status.totalFiles() / 100 * limits.run();
    }

    /** @return whether it is gone, by whomever */
    private boolean cull(ThreadDirectory here, Path file) {
        try {
            here.change(Optional.ofNullable(file.getParent()).orElseThrow());
            control.cull(file.getFileName().toString());
            return true;
        } catch (LinuxException e) {
            if (e.is(Errno.ENOENT) || e.is(Errno.ESTALE)) {
                return true;
            }
            if (!e.is(Errno.EBUSY)) {
                log.warn("Tried to cull {} but failed because: {}", file, e.getMessage());
            }
            return false;
        } catch (IOException e) {
            log.warn("Tried to cull {} but failed because: {}", file, e.getMessage());
            return false;
        }
    }
}
