package dev.sluice.daemon;

import dev.sluice.containerd.ContainerdClient;
import dev.sluice.daemon.metrics.CountedLayers;
import dev.sluice.fill.FillEngine;
import dev.sluice.image.ImageResolver;
import dev.sluice.layer.Decoder;
import dev.sluice.layer.GzipDecoder;
import dev.sluice.layer.GzipSpanDecoder;
import dev.sluice.layer.IdentityDecoder;
import dev.sluice.layer.LayerFormat;
import dev.sluice.layer.Lz4Decoder;
import dev.sluice.layer.ZstdDecoder;
import dev.sluice.layer.estargz.EstargzFormat;
import dev.sluice.layer.nydus.NydusFormat;
import dev.sluice.layer.zstdchunked.ZstdChunkedFormat;
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
    private static final List<Decoder> DECODERS = List.of(
            new IdentityDecoder(), new GzipDecoder(), new GzipSpanDecoder(), new ZstdDecoder(), new Lz4Decoder());

    private final Closing closing;
    private final Keeper keeper;
    private final Backend backend;
    private final LayerManager layers;
    private final Snapshots snapshots;
    private final ImageMounts imageMounts;
    private final RegistryClient registry;
    private final ContainerdClient containerd;
    private final FillEngine engine;
    private final CountedLayers counted;
    private final CredentialSources credentials;

    private LayerRuntime(
            Closing closing,
            Keeper keeper,
            Backend backend,
            LayerManager layers,
            Snapshots snapshots,
            ImageMounts imageMounts,
            RegistryClient registry,
            ContainerdClient containerd,
            FillEngine engine,
            CountedLayers counted,
            CredentialSources credentials) {
        this.credentials = credentials;
        this.registry = registry;
        this.containerd = containerd;
        this.engine = engine;
        this.counted = counted;
        this.closing = closing;
        this.keeper = keeper;
        this.backend = backend;
        this.layers = layers;
        this.snapshots = snapshots;
        this.imageMounts = imageMounts;
    }

    /** Formats of layers that have a table of contents; anew at each call, since some of them keep what they have read last. */
    static List<LayerFormat> formats() {
        return List.of(new EstargzFormat(), new ZstdChunkedFormat(), new NydusFormat());
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
            CredentialSources credentials = closing.add(CredentialSources.open(config));
            RegistryClient registry =
                    closing.add(new RegistryClient(Settings.registry(config.registry()), credentials.chain()));
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
                    formats(),
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
            CountedLayers counted = new CountedLayers(layers);
            Snapshots snapshots =
                    closing.add(Snapshots.open(root.path(), counted, new DiskUsage(linux), Clock.systemUTC()));
            ImageMounts imageMounts =
                    new ImageMounts(root.path().resolve("image-mounts.json"), layers, resolver, linux.mounts());
            return new LayerRuntime(
                    closing,
                    keeper,
                    backend,
                    layers,
                    snapshots,
                    imageMounts,
                    registry,
                    containerd,
                    engine,
                    counted,
                    credentials);
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

    RegistryClient registry() {
        return registry;
    }

    ContainerdClient containerd() {
        return containerd;
    }

    FillEngine engine() {
        return engine;
    }

    CredentialSources credentials() {
        return credentials;
    }

    CountedLayers counted() {
        return counted;
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
