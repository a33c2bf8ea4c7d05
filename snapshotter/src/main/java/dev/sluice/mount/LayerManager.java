package dev.sluice.mount;

import dev.sluice.fill.BootId;
import dev.sluice.fill.FillEngine;
import dev.sluice.image.ImageResolver;
import dev.sluice.image.ResolvedImage;
import dev.sluice.layer.LayerFormat;
import dev.sluice.linux.Linux;
import dev.sluice.linux.MountTable;
import dev.sluice.ondemand.Backend;
import dev.sluice.registry.RegistryClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lazy layers of this machine, put together: {@link LayerAcquirer} finds their image and has them built, {@link MountedLayers} opens and
 * mounts them. Drops them when nobody refers to them any more. Holds no lock itself; the order of locks is that of {@link MountedLayers}.
 */
public final class LayerManager implements LazyLayers, AutoCloseable {
    /** Tables of contents that are read at once; the rest of an image waits its turn. */
    private static final int PREPARE_THREADS = 8;

    private static final Logger log = LoggerFactory.getLogger(LayerManager.class);

    private final LayerStore store;
    private final LayerCensus census;
    private final LayerReferences references = new LayerReferences();
    private final RestoreGate restored = new RestoreGate();
    private final ExecutorService workers;
    private final StoredLayers stored;
    private final LayerAgreement agreement;
    private final Settlements settlements;
    private final ImagePreparations preparations;
    private final MountedLayers mounted;
    private final LayerAcquirer acquirer;
    private final BackgroundFill background;
    private final EarlierMounts earlierMounts;
    private final DiskUsage diskUsage;
    private final MountPoints mountPoints;
    private final Backend backend;
    private final Duration fetchWait;
    private final Fetches fetches;

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
        census = new LayerCensus(store);
        diskUsage = new DiskUsage(settings.linux);
        this.mountPoints = mountPoints;
        backend = settings.backend;
        fetchWait = settings.plain.patience();
        stored = new StoredLayers(store);
        Disproofs disproofs = new Disproofs();
        agreement = new LayerAgreement(settings.resolver, settings.formats, stored, disproofs, settings.acquireTimeout);
        WholeLayers wholeLayers = new WholeLayers(settings.linux, settings.plain.erofs(), BootId.current());
        fetches = new Fetches(settings.plain.threads());
        workers = Executors.newFixedThreadPool(PREPARE_THREADS, task -> {
            Thread thread = new Thread(task, "prepare");
            thread.setDaemon(true);
            return thread;
        });
        LayerBuilder builder = new LayerBuilder(
                store,
                references,
                settings.formats,
                new RegistryBlobs(settings.registry, false),
                new DiskCeiling(store.root(), diskUsage, settings.maxDiskBytes),
                plainLayers(settings, store, wholeLayers, indexes));
        preparations = new ImagePreparations(builder, references, workers, InstantSource.system());
        settlements = new Settlements(
                builder,
                references,
                agreement,
                stored,
                disproofs,
                (namespace, claim) -> settings.resolver.imageOf(namespace, claim, settings.acquireTimeout),
                fetches.transfers(),
                InstantSource.system());
        background = new BackgroundFill(settings.backgroundDelay, settings.backgroundRate);
        LayerOpener opener = new LayerOpener(
                store,
                settings.engine,
                settings.backend,
                wholeLayers,
                new RegistryBlobs(settings.registry, true),
                settings.prefetch,
                background);
        mounted = new MountedLayers(
                store, references, opener, mountPoints, new InheritedDirectories(settings.linux), backend);
        acquirer = new LayerAcquirer(settings.resolver, preparations, mounted, settings.acquireTimeout);
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
        settings.backend.resume(manager.mounted.source());
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
        return acquirer.acquire(request, FetchWait.atMost(fetchWait));
    }

    @Override
    public Outcome finish(Request request, BooleanSupplier abandoned) {
        return acquirer.finish(request, FetchWait.until(abandoned));
    }

    /**
     * Makes one layer of a known image lazy; waits for it if it has to be fetched as a whole. The caller owns one reference to a lazy
     * layer.
     *
     * @param lowerDirectories the directories of the layers below, the topmost first
     */
    public Outcome acquire(ResolvedImage image, List<Path> lowerDirectories) {
        return acquirer.acquire(image, lowerDirectories, FetchWait.until(workers::isShutdown));
    }

    @Override
    public Optional<Disagreement> disagreement(String namespace, Map<String, LayerKey> layers, Knowledge knowledge) {
        return agreement.disagreement(namespace, layers, knowledge);
    }

    @Override
    public Settlement settle(Request request, Disagreement disagreement, LayerKey disputed) {
        return settle(request, disagreement, disputed, FetchWait.atMost(fetchWait));
    }

    @Override
    public Settlement finishSettling(
            Request request, Disagreement disagreement, LayerKey disputed, BooleanSupplier abandoned) {
        return settle(request, disagreement, disputed, FetchWait.until(abandoned));
    }

    private Settlement settle(Request request, Disagreement disagreement, LayerKey disputed, FetchWait wait) {
        CompletableFuture<Settlements.Verdict> asked = settlements.begin(
                request.namespace(), disagreement, MountKey.parse(disputed).layer());
        try {
            if (!wait.isOver(asked)) {
                return new Settlement.UnderWay();
            }
            Settlements.Verdict verdict = asked.get();
            if (verdict instanceof Settlements.Verdict.Right right) {
                MountKey key = mounted.mount(right.id(), right.image(), request.lowerDirectories());
                return new Settlement.Right(
                        key.toLayerKey(), right.image().reference().toString());
            }
            return verdict instanceof Settlements.Verdict.Open open
                    ? new Settlement.Open(open.reason())
                    : new Settlement.Agreed();
        } catch (IOException | ExecutionException e) {
            return new Settlement.Open(Failures.message(Failures.root(e)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Settlement.Open("interrupted while waiting for the layer");
        }
    }

    @Override
    public boolean isVerified(LayerKey layer) {
        return stored.isVerified(MountKey.parse(layer).layer());
    }

    @Override
    public LayerKey refit(LayerKey layerKey, List<Path> lowerDirectories) throws IOException {
        return mounted.refit(MountKey.parse(layerKey).layer(), lowerDirectories).toLayerKey();
    }

    @Override
    public Path directory(LayerKey layerKey) throws IOException {
        return mounted.directory(MountKey.parse(layerKey));
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
                mounted.attachIfUsed(id, workers::isShutdown);
            }
        } catch (IOException e) {
            log.warn("Tried to list layers to complete but failed because: {}", e.getMessage());
        }
    }

    @Override
    public void cleanup() throws IOException {
        restored.pass();
        preparations.dropExpired();
        settlements.dropExpired();
        List<LayerId> all = store.list();
        IOException failure = null;
        for (LayerId id : all) {
            try {
                mounted.clean(id);
            } catch (IOException e) {
                log.warn("Tried to delete layer {} but failed because: {}", id.hex(), e.getMessage());
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    /** All layers together. Waits for no layer, but reads the disk: a few system calls per layer. */
    public LayerSummary summary() throws IOException {
        return new LayerSummary(
                census.count(),
                mountPoints.count(),
                diskUsage.measure(store.root()).bytes());
    }

    /** What this process knows of its layers, for people. */
    public List<LayerStatus> status() throws IOException {
        List<LayerStatus> result = new ArrayList<>();
        for (LayerId id : store.list()) {
            try {
                result.add(mounted.status(id));
            } catch (IOException e) {
                log.warn("Tried to open layer {} but failed because: {}", id.hex(), e.getMessage());
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
        mounted.close();
    }
}
