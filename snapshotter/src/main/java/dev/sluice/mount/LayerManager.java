package dev.sluice.mount;

import dev.sluice.fill.BootId;
import dev.sluice.fill.FillEngine;
import dev.sluice.fill.LayerFill;
import dev.sluice.image.ImageResolver;
import dev.sluice.image.Resolution;
import dev.sluice.image.ResolvedImage;
import dev.sluice.layer.LayerFormat;
import dev.sluice.linux.Linux;
import dev.sluice.linux.MountTable;
import dev.sluice.ondemand.Backend;
import dev.sluice.ondemand.LayerFiles;
import dev.sluice.ondemand.LayerSource;
import dev.sluice.registry.RegistryClient;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lazy layers of this machine: finds their image, has them built, opens and mounts them, drops them when nobody refers to them
 * any more.
 *
 * <p>Opening, mounting and deleting of one layer exclude each other by the layer's lock; different layers do not wait for each
 * other.
 */
public final class LayerManager implements LazyLayers, AutoCloseable {
    /** Tables of contents that are read at once; the rest of an image waits its turn. */
    private static final int PREPARE_THREADS = 8;

    private static final Logger log = LoggerFactory.getLogger(LayerManager.class);

    private final LayerStore store;
    private final LayerReferences references = new LayerReferences();
    private final RestoreGate restored = new RestoreGate();
    private final ExecutorService workers;
    private final ImageResolver resolver;
    private final LayerAgreement agreement;
    private final ImagePreparations preparations;
    private final LayerOpener opener;
    private final BackgroundFill background;
    private final EarlierMounts earlierMounts;
    private final DiskUsage diskUsage;
    private final MountPoints mountPoints;
    private final InheritedDirectories inheritedDirectories;
    private final Backend backend;
    private final Duration acquireTimeout;
    private final Duration fetchWait;
    private final Fetches fetches;

    /** Guarded by itself; values are guarded by their own lock. */
    private final Map<LayerId, Slot> slots = new HashMap<>();

    /** What this process holds of one layer. */
    private static final class Slot {
        private final ReentrantLock lock = new ReentrantLock();
        private final Map<MountKey, Path> mounts = new HashMap<>();
        private Optional<OpenLayer> layer = Optional.empty();
    }

    /**
     * What a layer manager is made of.
     *
     * @param root directory of everything that Sluice keeps
     * @param formats tried in this order
     * @param acquireTimeout how long one {@link LazyLayers#acquire} may take
     * @param prefetch whether data that a layer wants at start are fetched before they are read
     * @param backgroundDelay from the mount of a layer to its being completed in the background
     * @param backgroundRate of that, in bytes per second; 0 for none
     * @param maxDiskBytes how much disk all layers together may take before new ones are refused; 0 for no limit
     * @param plain what becomes of plain layers
     */
    public record Settings(
            Path root,
            Linux linux,
            RegistryClient registry,
            ImageResolver resolver,
            List<LayerFormat> formats,
            FillEngine engine,
            Backend backend,
            Duration acquireTimeout,
            boolean prefetch,
            Duration backgroundDelay,
            long backgroundRate,
            long maxDiskBytes,
            PlainSettings plain) {
        public Settings {
            formats = List.copyOf(formats);
        }
    }

    private LayerManager(
            Settings settings,
            LayerStore store,
            MountPoints mountPoints,
            EarlierMounts earlierMounts,
            IndexStore indexes)
            throws IOException {
        this.earlierMounts = earlierMounts;
        this.store = store;
        diskUsage = new DiskUsage(settings.linux);
        this.mountPoints = mountPoints;
        resolver = settings.resolver;
        backend = settings.backend;
        acquireTimeout = settings.acquireTimeout;
        fetchWait = settings.plain.patience();
        agreement = new LayerAgreement(
                settings.resolver, settings.formats, new StoredLayers(store), settings.acquireTimeout);
        WholeLayers wholeLayers = new WholeLayers(settings.linux, settings.plain.erofs(), BootId.current());
        fetches = new Fetches(settings.plain.threads());
        workers = Executors.newFixedThreadPool(PREPARE_THREADS, task -> {
            Thread thread = new Thread(task, "prepare");
            thread.setDaemon(true);
            return thread;
        });
        preparations = new ImagePreparations(
                new LayerBuilder(
                        store,
                        references,
                        settings.formats,
                        new RegistryBlobs(settings.registry, false),
                        new DiskCeiling(store.root(), diskUsage, settings.maxDiskBytes),
                        plainLayers(settings, store, wholeLayers, indexes)),
                references,
                workers,
                InstantSource.system());
        background = new BackgroundFill(settings.backgroundDelay, settings.backgroundRate);
        opener = new LayerOpener(
                settings.engine,
                settings.backend,
                wholeLayers,
                new RegistryBlobs(settings.registry, true),
                settings.prefetch,
                background);
        inheritedDirectories = new InheritedDirectories(settings.linux);
    }

    private Optional<PlainLayers> plainLayers(
            Settings settings, LayerStore store, WholeLayers wholeLayers, IndexStore indexes) {
        if (!settings.plain.fetch()) {
            return Optional.empty();
        }
        LayerFetch fetch = new LayerFetch(new BlobPass(settings.plain, fetches.transfers()), wholeLayers, indexes);
        return Optional.of(new PlainLayers(
                store,
                references,
                indexes,
                settings.plain
                        .published()
                        .map(finder -> new PublishedIndexes(finder, settings.plain.limits(), settings.acquireTimeout)),
                settings.plain.publishing().map(target -> new FirstPulls(indexes, target, fetches.transfers())),
                fetch,
                fetches.layers()));
    }

    /**
     * Opens the layers of a root directory. Mounts of an earlier process are detached: overlays that use them keep them, and new
     * ones get new mounts.
     *
     * @throws IOException if the root directory cannot be used
     */
    public static LayerManager open(Settings settings) throws IOException {
        MountPoints mountPoints = new MountPoints(settings.root.resolve("m"), settings.linux.mounts());
        LayerStore store = LayerStore.open(settings.root.resolve("layers"));
        EarlierMounts earlier = earlierMounts(settings, store, mountPoints);
        mountPoints.detachAll();
        IndexStore indexes =
                IndexStore.open(IndexStore.below(settings.root), settings.plain.limits(), settings.plain.indexBytes());
        LayerManager manager = new LayerManager(settings, store, mountPoints, earlier, indexes);
        settings.backend.resume(manager.new ForBackend());
        return manager;
    }

    /** What the process before has mounted, and whether it is still to be trusted. */
    private static EarlierMounts earlierMounts(Settings settings, LayerStore store, MountPoints mountPoints)
            throws IOException {
        BootId boot = BootId.current();
        MountTable table = MountTable.read();
        EarlierMounts earlier = EarlierMounts.open(settings.root.resolve("earlier-mounts"), boot, mountPoints.root());
        boolean takenOver = settings.backend.hasTakenOver();
        earlier.update(table, id -> !takenOver && store.directory(id).files().wasMarked(boot));
        for (EarlierMounts.Victim victim : earlier.victims(table)) {
            log.error(
                    "Nobody made the readers of layer {} wait while no daemon ran: start again what runs in {}, it may have"
                            + " read zeros",
                    victim.layer().hex(),
                    victim.directory());
        }
        return earlier;
    }

    /** What has to be started again because it may have read zeros. */
    public List<TaintedMount> tainted() throws IOException {
        return earlierMounts.victims(MountTable.read()).stream()
                .map(victim -> new TaintedMount(victim.directory(), digest(victim.layer())))
                .toList();
    }

    private String digest(LayerId id) {
        try {
            return store.directory(id).readRecord().layer().digest();
        } catch (IOException e) {
            log.debug("Layer {} is not there any more", id.hex(), e);
            return id.hex();
        }
    }

    @Override
    public Outcome acquire(Request request) {
        return acquire(request, FetchWait.atMost(fetchWait));
    }

    @Override
    public Outcome finish(Request request, BooleanSupplier abandoned) {
        return acquire(request, FetchWait.until(abandoned));
    }

    private Outcome acquire(Request request, FetchWait wait) {
        long deadline = System.nanoTime() + acquireTimeout.toNanos();
        try {
            Resolution resolution =
                    resolver.resolve(request.namespace(), request.labels(), request.chainId(), acquireTimeout);
            if (resolution instanceof Resolution.NotFound notFound) {
                return new Outcome.NotLazy(notFound.reason());
            }
            List<String> reasons = new ArrayList<>();
            for (ResolvedImage image : ((Resolution.Found) resolution).candidates()) {
                Outcome outcome = acquire(image, request.lowerDirectories(), deadline, wait);
                if (outcome instanceof Outcome.NotLazy notLazy) {
                    reasons.add(image.reference() + ": " + notLazy.reason());
                } else {
                    return outcome;
                }
            }
            return new Outcome.NotLazy(String.join("; ", reasons));
        } catch (IOException e) {
            return new Outcome.NotLazy(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Makes one layer of a known image lazy; waits for it if it has to be fetched as a whole. The caller owns one reference to a lazy
     * layer.
     *
     * @param lowerDirectories the directories of the layers below, the topmost first
     */
    public Outcome acquire(ResolvedImage image, List<Path> lowerDirectories) {
        return acquire(
                image,
                lowerDirectories,
                System.nanoTime() + acquireTimeout.toNanos(),
                FetchWait.until(workers::isShutdown));
    }

    private Outcome acquire(ResolvedImage image, List<Path> lowerDirectories, long deadline, FetchWait wait) {
        int index = image.layerIndex();
        try {
            LayerBuilder.Result result = preparations
                    .layer(image, index)
                    .get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            if (result instanceof LayerBuilder.Result.NotLazy notLazy) {
                preparations.forget(image, index);
                return new Outcome.NotLazy(notLazy.reason());
            }
            if (result instanceof LayerBuilder.Result.UnderWay underWay && !wait.isOver(underWay.fetched())) {
                return new Outcome.UnderWay(image.reference().toString());
            }
            LayerId id = result instanceof LayerBuilder.Result.UnderWay underWay
                    ? underWay.fetched().get()
                    : ((LayerBuilder.Result.Built) result).id();
            MountKey key = mount(id, image, lowerDirectories);
            preparations.forget(image, index);
            return new Outcome.Lazy(key.toLayerKey(), image.reference().toString());
        } catch (TimeoutException e) {
            return new Outcome.NotLazy(
                    "its table of contents was not here within " + acquireTimeout.toSeconds() + " s");
        } catch (ExecutionException e) {
            preparations.forget(image, index);
            return new Outcome.NotLazy(rootMessage(e));
        } catch (IOException e) {
            preparations.forget(image, index);
            return new Outcome.NotLazy(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Outcome.NotLazy("interrupted while waiting for the layer's table of contents");
        }
    }

    private MountKey mount(LayerId id, ResolvedImage image, List<Path> lowerDirectories) throws IOException {
        LayerDirectory directory = store.directory(id);
        Slot slot = slot(id);
        slot.lock.lock();
        try {
            OpenLayer layer = open(slot, id);
            layer.addSource(image.reference().toString());
            Optional<String> variant = inheritedDirectories.variant(directory, layer.layerRecord(), lowerDirectories);
            MountKey key = new MountKey(id, variant);
            mountedPath(slot, key);
            references.add(key, 1);
            return key;
        } finally {
            slot.lock.unlock();
        }
    }

    @Override
    public Optional<String> disagreement(String namespace, Map<String, LayerKey> layers, Knowledge knowledge) {
        return agreement.disagreement(namespace, layers, knowledge);
    }

    @Override
    public Path directory(LayerKey layerKey) throws IOException {
        MountKey key = MountKey.parse(layerKey);
        Slot slot = slot(key.layer());
        slot.lock.lock();
        try {
            return mountedPath(slot, key);
        } finally {
            slot.lock.unlock();
        }
    }

    @Override
    public Usage usage(LayerKey layerKey) throws IOException {
        LayerId id = MountKey.parse(layerKey).layer();
        Usage inDirectory = diskUsage.measure(store.directory(id).path());
        return new Usage(inDirectory.bytes() + backend.bytesElsewhere(id.hex()), inDirectory.inodes());
    }

    @Override
    public void release(LayerKey layerKey) {
        references.remove(MountKey.parse(layerKey));
    }

    @Override
    public void restore(Map<LayerKey, Integer> counts) {
        counts.forEach((key, count) -> references.add(MountKey.parse(key), count));
    }

    /** Takes one more reference to a layer that is lazy already. */
    public void retain(LayerKey key) {
        references.add(MountKey.parse(key), 1);
    }

    /**
     * Says that everybody who had references before a restart has them again, by {@link #restore} or {@link #retain}. Until then
     * {@link #cleanup} waits. Layers that are in use are completed in the background from then on, whether or not anybody reads them.
     */
    public void allRestored() {
        restored.open();
        if (background.isWanted()) {
            workers.execute(this::attachUsed);
        }
    }

    private void attachUsed() {
        try {
            for (LayerId id : store.list()) {
                attachIfUsed(id);
            }
        } catch (IOException e) {
            log.warn("Tried to list layers to complete but failed because: {}", e.getMessage());
        }
    }

    private void attachIfUsed(LayerId id) {
        Slot slot = slot(id);
        slot.lock.lock();
        try {
            if (references.isUsed(id) && !workers.isShutdown()) {
                open(slot, id).attach();
            }
        } catch (IOException e) {
            log.warn("Layer {} is not completed in the background: {}", id.hex(), e.getMessage());
        } finally {
            slot.lock.unlock();
        }
    }

    @Override
    public void cleanup() throws IOException {
        restored.pass();
        preparations.dropExpired();
        List<LayerId> all = store.list();
        IOException failure = null;
        for (LayerId id : all) {
            try {
                clean(id);
            } catch (IOException e) {
                log.warn("Tried to delete layer {} but failed because: {}", id.hex(), e.getMessage());
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private void clean(LayerId id) throws IOException {
        Slot slot = slot(id);
        slot.lock.lock();
        try {
            for (Map.Entry<MountKey, Path> mount : List.copyOf(slot.mounts.entrySet())) {
                if (!references.isReferenced(mount.getKey())) {
                    mountPoints.unmount(mount.getValue());
                    slot.mounts.remove(mount.getKey());
                }
            }
            if (references.isUsed(id)) {
                return;
            }
            if (slot.layer.isPresent()) {
                slot.layer.get().close();
                slot.layer = Optional.empty();
            }
            Optional<Path> condemned = references.ifUnused(id, () -> store.condemn(id));
            if (condemned.isPresent()) {
                backend.discard(id.hex());
                store.deleteCondemned(condemned.get());
            }
        } finally {
            slot.lock.unlock();
        }
    }

    /** What this process knows of its layers, for people. */
    public List<LayerStatus> status() throws IOException {
        List<LayerStatus> result = new ArrayList<>();
        for (LayerId id : store.list()) {
            Slot slot = slot(id);
            slot.lock.lock();
            try {
                result.add(open(slot, id).status(references.count(id), List.copyOf(slot.mounts.values())));
            } catch (IOException e) {
                log.warn("Tried to open layer {} but failed because: {}", id.hex(), e.getMessage());
            } finally {
                slot.lock.unlock();
            }
        }
        return result;
    }

    /** Lets all layers go. Mounts stay: containers may be using them. */
    @Override
    public void close() throws IOException {
        restored.stop();
        workers.shutdownNow();
        fetches.close();
        background.close();
        // First: what asks for a layer that is closed gets an error, unless it is left to the next process.
        backend.close();
        List<Slot> all;
        synchronized (slots) {
            all = List.copyOf(slots.values());
        }
        for (Slot slot : all) {
            slot.lock.lock();
            try {
                if (slot.layer.isPresent()) {
                    slot.layer.get().close();
                    slot.layer = Optional.empty();
                }
            } finally {
                slot.lock.unlock();
            }
        }
    }

    private Path mountedPath(Slot slot, MountKey key) throws IOException {
        Path mounted = slot.mounts.get(key);
        if (mounted == null) {
            OpenLayer layer = open(slot, key.layer());
            mounted = mountPoints.mount(target -> layer.mount(key.variant(), target));
            slot.mounts.put(key, mounted);
        }
        return mounted;
    }

    private OpenLayer open(Slot slot, LayerId id) throws IOException {
        if (slot.layer.isEmpty()) {
            try {
                slot.layer = Optional.of(opener.open(id, store.directory(id)));
            } catch (IOException e) {
                throw new IOException(
                        "Tried to open layer " + store.directory(id).path() + " but failed because: " + e.getMessage()
                                + "; if it is damaged, remove its image and pull it again",
                        e);
            }
        }
        return slot.layer.get();
    }

    private final class ForBackend implements LayerSource {
        @Override
        public LayerFill open(String name) throws IOException {
            LayerId id = new LayerId(name);
            if (store.find(id).isEmpty()) {
                throw new NoSuchFileException(store.directory(id).path().toString());
            }
            Slot slot = slot(id);
            slot.lock.lock();
            try {
                return LayerManager.this.open(slot, id).attach();
            } finally {
                slot.lock.unlock();
            }
        }

        @Override
        public List<String> names() throws IOException {
            return store.list().stream().map(LayerId::hex).toList();
        }

        @Override
        public LayerFiles files(String name) {
            return store.directory(new LayerId(name)).files();
        }
    }

    private Slot slot(LayerId id) {
        synchronized (slots) {
            return slots.computeIfAbsent(id, key -> new Slot());
        }
    }

    private static String rootMessage(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof ExecutionException || cause instanceof CompletionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }
}
