package dev.sluice.ondemand.cachefiles;

import dev.sluice.fill.StagingBuffers;
import dev.sluice.linux.Errno;
import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.ondemand.LayerSource;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the kernel may open, and what it has open. An OPEN of a layer that nobody has attached, of a mount that survived an earlier process,
 * is looked up by a thread of its own, and so is a metadata image. Safe for use by many threads.
 */
final class Cookies implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Cookies.class);

    private final Linux linux;
    private final CacheControl control;
    private final Culler culler;
    private final StagingBuffers buffers;
    private final Map<String, Cookie> known = new ConcurrentHashMap<>();
    private final CompletableFuture<LayerSource> layers = new CompletableFuture<>();
    /** Opens layers, for which it may have to wait for a thread that is mounting. */
    private final ExecutorService layerLookups = singleThread("cachefiles-layers");
    /** Opens metadata images, for which threads that are mounting wait. */
    private final ExecutorService metadataLookups = singleThread("cachefiles-metadata");

    private final Object changes = new Object();
    /** Replaced under {@link #changes}, read without. */
    private volatile OpenCookies open = OpenCookies.EMPTY;

    private final String domain;

    Cookies(Linux linux, CacheControl control, Culler culler, StagingBuffers buffers, String domain) {
        this.linux = linux;
        this.control = control;
        this.culler = culler;
        this.buffers = buffers;
        this.domain = domain;
    }

    private static ExecutorService singleThread(String name) {
        return Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
    }

    String domain() {
        return domain;
    }

    /** @throws IOException if there is one of that name */
    void add(Cookie cookie) throws IOException {
        if (known.putIfAbsent(cookie.name(), cookie) != null) {
            throw new IOException("Tried to attach " + cookie.name() + " but it is attached");
        }
    }

    /** What the kernel has open of it stays so. */
    void remove(Cookie cookie) {
        boolean unused = known.remove(cookie.name(), cookie);
    }

    Optional<Cookie> find(String name) {
        return Optional.ofNullable(known.get(name));
    }

    Optional<OpenCookie> byObject(int objectId) {
        return Optional.ofNullable(open.byId(objectId));
    }

    /** Where to look for layers from now on. */
    void resume(LayerSource source) {
        layers.complete(source);
    }

    /**
     * Answers an OPEN, now or later.
     *
     * @param file the object's descriptor; belongs to this class from now on
     */
    void open(int messageId, int objectId, LinuxFile file, String volumeKey, String name) {
        Cookie cookie = known.get(name);
        if (!volumeKey.equals(CacheDirectory.volumeKey(domain))) {
            refuse(messageId, file, new NoSuchFileException(volumeKey + " is not ours: " + name));
        } else if (cookie != null) {
            answer(messageId, objectId, file, cookie);
        } else {
            try {
                ExecutorService lookups = MetadataName.parse(name).isPresent() ? metadataLookups : layerLookups;
                lookups.execute(() -> lookUp(messageId, objectId, file, name));
            } catch (RejectedExecutionException e) {
                refuse(messageId, file, new IOException("Sluice is stopping", e));
            }
        }
    }

    /** The kernel has closed an object. */
    void closed(int objectId) {
        OpenCookie closed;
        synchronized (changes) {
            closed = open.byId(objectId);
            open = open.without(objectId);
        }
        if (closed == null) {
            log.debug("The kernel closed object {}, which is not open", objectId);
            return;
        }
        letGo(closed);
        String name = closed.cookie().name();
        if (closed.cookie().temporary() || !known.containsKey(name)) {
            culler.discard(domain, name);
        }
    }

    /** Closes all descriptors. What the kernel still has open it opens anew, if somebody answers. */
    void closeAll() {
        OpenCookies all;
        synchronized (changes) {
            all = open;
            open = OpenCookies.EMPTY;
        }
        all.all().forEach(Cookies::letGo);
    }

    @Override
    public void close() {
        metadataLookups.shutdownNow();
        layerLookups.shutdownNow();
        closeAll();
    }

    private static void letGo(OpenCookie cookie) {
        cookie.cookie().device().closed(cookie.object());
        cookie.object().close();
        if (cookie.cookie().temporary()) {
            try {
                cookie.cookie().fill().close();
            } catch (RuntimeException e) {
                log.warn("Tried to close {} but failed", cookie.cookie().name(), e);
            }
        }
    }

    /** Metadata images are always looked up, and layers if nobody has attached them. */
    private void lookUp(int messageId, int objectId, LinuxFile file, String name) {
        try {
            LayerSource source = layers.get();
            Optional<MetadataName> metadata = MetadataName.parse(name);
            Cookie cookie;
            if (metadata.isPresent()) {
                cookie = new Cookie(MetadataImage.open(
                        linux,
                        name,
                        metadata.get().in(source.files(metadata.get().layer())),
                        buffers));
            } else {
                cookie = Cookie.ofLayer(source.open(name));
            }
            answer(messageId, objectId, file, cookie);
        } catch (IOException | IllegalArgumentException | ExecutionException e) {
            refuse(messageId, file, e);
        } catch (InterruptedException e) {
            refuse(messageId, file, e);
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            refuse(messageId, file, e);
            throw e;
        }
    }

    private void answer(int messageId, int objectId, LinuxFile file, Cookie cookie) {
        CacheObject object;
        try {
            file.setCloseOnExec();
            object = new CacheObject(objectId, file, cookie.device().size(), buffers);
        } catch (IOException | OutOfMemoryError e) {
            refuse(messageId, file, e);
            return;
        }
        OpenCookie opened = new OpenCookie(cookie, object);
        // Before the answer: a READ may follow it at once.
        synchronized (changes) {
            open = open.with(opened);
        }
        var actions = cookie.device().opened(object);
        if (control.opened(messageId, cookie.device().size())) {
            actions.forEach(Runnable::run);
        } else {
            synchronized (changes) {
                open = open.without(objectId);
            }
            letGo(opened);
        }
    }

    private void refuse(int messageId, LinuxFile file, Throwable reason) {
        log.warn("The kernel cannot open {}: {}", file, reason.toString());
        control.openFailed(messageId, reason instanceof NoSuchFileException ? Errno.ENOENT : Errno.EIO);
        file.close();
    }
}
