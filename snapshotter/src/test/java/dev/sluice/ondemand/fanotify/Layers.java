package dev.sluice.ondemand.fanotify;

import dev.sluice.fill.DataDevice;
import dev.sluice.fill.LayerFill;
import dev.sluice.ondemand.Backend.AttachedDevice;
import dev.sluice.ondemand.LayerFiles;
import dev.sluice.ondemand.LayerSource;
import dev.sluice.ondemand.SourceLayer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.stream.Stream;

/**
 * The layers of one life of a backend: directories with the file {@code blob}, from which they are filled. Opened when they are asked for,
 * as a daemon does.
 */
final class Layers implements LayerSource, AutoCloseable {
    private final FanotifyBackend backend;
    private final Path root;
    private final Executor executor;
    private final Map<String, Open> layers = new TreeMap<>();
    private boolean holding;
    private boolean failing;

    /** @param layer fills the device from the blob */
    record Open(DataDevice device, SourceLayer layer, AttachedDevice attached) {}

    Layers(FanotifyBackend backend, Path root, Executor executor) {
        this.backend = backend;
        this.root = root;
        this.executor = executor;
    }

    /** Lets the fills of layers that are opened from now on wait. */
    synchronized void hold() {
        holding = true;
    }

    /** Lets the fills of layers that are opened from now on fail. */
    synchronized void fail() {
        failing = true;
    }

    synchronized Open get(String name) throws IOException {
        Open open = layers.get(name);
        if (open == null) {
            byte[] blob = Files.readAllBytes(root.resolve(name).resolve("blob"));
            DataDevice device = backend.openDevice(name, files(name), blob.length);
            SourceLayer layer = new SourceLayer(device, blob, executor);
            if (holding) {
                layer.hold();
            }
            if (failing) {
                layer.failWith(new IOException("registry does not answer"));
            }
            open = new Open(device, layer, backend.attach(name, files(name), layer));
            layers.put(name, open);
        }
        return open;
    }

    @Override
    public LayerFill open(String name) throws IOException {
        return get(name).layer();
    }

    @Override
    public List<String> names() throws IOException {
        try (Stream<Path> directories = Files.list(root)) {
            return directories.map(path -> path.getFileName().toString()).toList();
        }
    }

    @Override
    public LayerFiles files(String name) {
        return new LayerFiles(root.resolve(name));
    }

    /** After the backend is closed. */
    @Override
    public synchronized void close() throws IOException {
        for (Open open : layers.values()) {
            open.attached().close();
            open.layer().close();
            open.device().close();
        }
        layers.clear();
    }
}
