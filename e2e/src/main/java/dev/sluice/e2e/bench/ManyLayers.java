package dev.sluice.e2e.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.fill.BootId;
import dev.sluice.fill.DataDevice;
import dev.sluice.fill.LayerFill;
import dev.sluice.fill.Priority;
import dev.sluice.linux.Linux;
import dev.sluice.linux.Mounts.UnmountFlag;
import dev.sluice.ondemand.Backend;
import dev.sluice.ondemand.FileBackedErofs;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.LayerFiles;
import dev.sluice.ondemand.LayerSource;
import dev.sluice.ondemand.fanotify.FanotifyBackend;
import dev.sluice.ondemand.fanotify.FanotifyOptions;
import dev.sluice.ondemand.fuse.FuseBackend;
import dev.sluice.ondemand.fuse.FuseOptions;
import dev.sluice.ondemand.keeper.ProcessKeeper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/** What a layer costs that nobody reads: its device is opened, attached (with fanotify: marked) and mounted. */
final class ManyLayers {
    /** More than the metadata image says there is. */
    private static final long DEVICE_BYTES = 256L << 20;

    private ManyLayers() {}

    /**
     * What some layers came to.
     *
     * @param microsPerLayer of opening, attaching and mounting
     * @param heapPerLayer bytes in use after a garbage collection
     * @param residentPerLayer bytes of this process, with whatever the heap has grown by
     * @param slabPerLayer bytes of kernel memory of the whole machine, with what others do meanwhile
     */
    record Figures(
            String backend,
            int layers,
            double microsPerLayer,
            double heapPerLayer,
            double residentPerLayer,
            double slabPerLayer) {
        void print(ObjectNode report) {
            System.out.printf(
                    Locale.ROOT,
                    "%d layers, %s: each %.0f us, %.1f KiB of heap, %.1f KiB resident, %.1f KiB of kernel memory (slab)%n",
                    layers,
                    backend,
                    microsPerLayer,
                    heapPerLayer / 1024,
                    residentPerLayer / 1024,
                    slabPerLayer / 1024);
            report.putObject(layers + " layers, " + backend)
                    .put("us_per_layer", microsPerLayer)
                    .put("heap_bytes_per_layer", heapPerLayer)
                    .put("resident_bytes_per_layer", residentPerLayer)
                    .put("slab_bytes_per_layer", slabPerLayer);
        }
    }

    private record Layer(DataDevice device, Backend.AttachedDevice attached, Path mountPoint, String name) {}

    private record Memory(long heap, long resident, long slab) {
        static Memory now() throws IOException {
            System.gc();
            Runtime runtime = Runtime.getRuntime();
            return new Memory(
                    runtime.totalMemory() - runtime.freeMemory(),
                    kibibytes(Path.of("/proc/self/status"), "VmRSS:") << 10,
                    kibibytes(Path.of("/proc/meminfo"), "Slab:") << 10);
        }

        private static long kibibytes(Path file, String name) throws IOException {
            for (String line : Files.readAllLines(file)) {
                if (line.startsWith(name)) {
                    return Long.parseLong(line.replaceAll("[^0-9]", ""));
                }
            }
            throw new IOException("no " + name + " in " + file);
        }
    }

    /**
     * Measures one backend in this process.
     *
     * @param metadata an image of one device, mounted again and again
     */
    static Figures measure(TestBed bed, Path metadata, String name, int count) throws IOException {
        Linux linux = Linux.load();
        Path root = bed.directory("many-" + name);
        try (ProcessKeeper keeper = ProcessKeeper.open(linux, root)) {
            Backend backend = start(linux, root, name, keeper);
            List<Layer> layers = new ArrayList<>();
            try {
                backend.resume(LayerSource.NONE);
                Memory before = Memory.now();
                long start = System.nanoTime();
                for (int i = 0; i < count; i++) {
                    layers.add(layer(backend, root, metadata, i));
                }
                long nanos = System.nanoTime() - start;
                Memory after = Memory.now();
                return new Figures(
                        name,
                        count,
                        nanos / 1e3 / count,
                        (double) (after.heap() - before.heap()) / count,
                        (double) (after.resident() - before.resident()) / count,
                        (double) (after.slab() - before.slab()) / count);
            } finally {
                for (Layer layer : layers) {
                    linux.mounts().unmount(layer.mountPoint(), UnmountFlag.DETACH);
                    layer.attached().close();
                    layer.device().close();
                    backend.discard(layer.name());
                    Files.delete(files(root, layer.name()).data());
                }
                backend.close();
            }
        }
    }

    private static Backend start(Linux linux, Path root, String name, Keeper keeper) throws IOException {
        BootId boot = BootId.current();
        FileBackedErofs erofs = new FileBackedErofs(linux.mounts());
        return name.equals("fuse")
                ? FuseBackend.start(
                        linux,
                        Files.createDirectories(root.resolve("fuse")),
                        FuseOptions.defaults(),
                        erofs,
                        boot,
                        Keeper.NONE)
                : FanotifyBackend.start(linux, FanotifyOptions.defaults(), erofs, boot, keeper);
    }

    private static Layer layer(Backend backend, Path root, Path metadata, int number) throws IOException {
        String name = String.format(Locale.ROOT, "%064x", number);
        LayerFiles files = files(root, name);
        Files.createDirectories(files.directory());
        DataDevice device = backend.openDevice(name, files, DEVICE_BYTES);
        Backend.AttachedDevice attached = backend.attach(name, files, new NothingComes(device));
        Path mountPoint = Files.createDirectories(root.resolve("m").resolve(name));
        attached.mount(metadata, mountPoint);
        return new Layer(device, attached, mountPoint, name);
    }

    private static LayerFiles files(Path root, String name) {
        return new LayerFiles(root.resolve(name));
    }

    /** A layer whose registry does not answer. */
    private record NothingComes(DataDevice device) implements LayerFill {
        @Override
        public CompletableFuture<Void> fill(long offset, long length, Priority priority) {
            return CompletableFuture.failedFuture(new IOException("nobody has this layer"));
        }

        @Override
        public void close() {
            // Holds nothing.
        }
    }
}
