package dev.sluice.daemon;

import dev.sluice.containerd.ContainerdClient;
import dev.sluice.fill.FillEngine;
import dev.sluice.image.ImageResolver;
import dev.sluice.layer.Decoder;
import dev.sluice.layer.GzipDecoder;
import dev.sluice.layer.GzipSpanDecoder;
import dev.sluice.layer.IdentityDecoder;
import dev.sluice.layer.LayerFormat;
import dev.sluice.layer.ZstdDecoder;
import dev.sluice.layer.estargz.EstargzFormat;
import dev.sluice.linux.Linux;
import dev.sluice.mount.DiskUsage;
import dev.sluice.mount.ImageMounts;
import dev.sluice.mount.LayerManager;
import dev.sluice.ondemand.Backend;
import dev.sluice.ondemand.Keeper;
import dev.sluice.registry.RegistryClient;
import dev.sluice.snapshot.Snapshots;
import java.io.IOException;
import java.time.Clock;
import java.util.List;

/**
 * Everything that makes layers lazy, wired: registry, fill engine, backend, layers; and who refers to layers: snapshots and mounts of
 * images. The snapshots service stands on top of it.
 */
final class LayerRuntime implements AutoCloseable {
    /** Of layers that have a table of contents. */
    static final List<LayerFormat> FORMATS = List.of(new EstargzFormat());

    private static final List<Decoder> DECODERS =
            List.of(new IdentityDecoder(), new GzipDecoder(), new GzipSpanDecoder(), new ZstdDecoder());

    private final Closing closing;
    private final Keeper keeper;
    private final Backend backend;
    private final LayerManager layers;
    private final Snapshots snapshots;
    private final ImageMounts imageMounts;

    private LayerRuntime(
            Closing closing,
            Keeper keeper,
            Backend backend,
            LayerManager layers,
            Snapshots snapshots,
            ImageMounts imageMounts) {
        this.closing = closing;
        this.keeper = keeper;
        this.backend = backend;
        this.layers = layers;
        this.snapshots = snapshots;
        this.imageMounts = imageMounts;
    }

    /**
     * @param config decides all
     * @param keeping but for this: who holds kernel files while no process does
     * @param linux system calls
     * @throws IOException if no backend works here, or the root directory cannot be used
     */
    static LayerRuntime start(Config config, KeeperChoice keeping, Linux linux) throws IOException {
        Closing closing = new Closing();
        try {
            RootDirectory root = closing.add(RootDirectory.open(config.root()));
            Keeper keeper = closing.add(Keepers.open(keeping, linux, root.path(), System.getenv()));
            RegistryClient registry = closing.add(
                    new RegistryClient(Settings.registry(config.registry()), Settings.credentials(config.registry())));
            ContainerdClient containerd = closing.add(new ContainerdClient(config.containerd()));
            Thread warmUp = new Thread(containerd::warmUp, "warm-up");
            warmUp.setDaemon(true);
            warmUp.start();
            ImageResolver resolver = new ImageResolver(containerd, registry, Settings.hosts(config.registry()));
            FillEngine engine = closing.add(new FillEngine(Settings.fill(config), DECODERS));
            Backend backend = closing.add(Backends.start(config, linux, root.path(), keeper));
            LayerManager layers = closing.add(LayerManager.open(new LayerManager.Settings(
                    root.path(),
                    linux,
                    registry,
                    resolver,
                    FORMATS,
                    engine,
                    backend,
                    config.prepareTimeout(),
                    config.prefetch(),
                    config.background().delay(),
                    config.background().rate().bytes(),
                    config.maxDisk().bytes(),
                    PlainLayerSettings.of(config, linux, root.path(), registry))));
            // Before the layers are closed: what a keeper holds waits for the next process instead of failing with its
            // layer.
            closing.add(backend);
            Snapshots snapshots =
                    closing.add(Snapshots.open(root.path(), layers, new DiskUsage(linux), Clock.systemUTC()));
            ImageMounts imageMounts =
                    new ImageMounts(root.path().resolve("image-mounts.json"), layers, resolver, linux.mounts());
            return new LayerRuntime(closing, keeper, backend, layers, snapshots, imageMounts);
        } catch (IOException | RuntimeException e) {
            closing.closeAfter(e);
            throw e;
        }
    }

    /** Mounts images again that an earlier process had mounted. Before that no layer is deleted. */
    void restore() throws IOException {
        imageMounts.restore();
        layers.allRestored();
    }

    Keeper keeper() {
        return keeper;
    }

    Backend backend() {
        return backend;
    }

    LayerManager layers() {
        return layers;
    }

    Snapshots snapshots() {
        return snapshots;
    }

    ImageMounts imageMounts() {
        return imageMounts;
    }

    @Override
    public void close() throws IOException {
        closing.close();
    }
}
