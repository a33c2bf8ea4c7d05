package dev.sluice.ondemand.fanotify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.sluice.fill.BootId;
import dev.sluice.fill.DataDevice;
import dev.sluice.fill.LayerFill;
import dev.sluice.fill.Priority;
import dev.sluice.linux.Linux;
import dev.sluice.ondemand.Backend.AttachedDevice;
import dev.sluice.ondemand.FileBackedErofs;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.LayerFiles;
import dev.sluice.ondemand.LayerSource;
import dev.sluice.ondemand.SourceLayer;
import dev.sluice.ondemand.keeper.ProcessKeeper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/** A process that serves layers until it is killed, or kills itself in the middle of a fill. A real keeper holds its group. */
record ServingProcess(Process process, PrintStream commands, BufferedReader results) implements AutoCloseable {
    /** When it kills itself. */
    enum Death {
        NEVER,
        /** An event was read, and nothing is written. */
        BEFORE_WRITE,
        /** Half of the pages are written. */
        IN_WRITE,
        /** All is written, and nobody has been answered. */
        BEFORE_ANSWER
    }

    /**
     * Starts one, and waits until it serves.
     *
     * @param root directory of the keeper's record, and of {@code layers}
     */
    static ServingProcess start(Path root, Death death) throws IOException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-XX:+IgnoreUnrecognizedVMOptions",
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx128m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ServingProcess.class.getName(),
                        root.toString(),
                        death.name())
                .redirectError(
                        ProcessBuilder.Redirect.appendTo(root.resolve("log").toFile()))
                .start();
        ServingProcess serving = new ServingProcess(
                process,
                new PrintStream(process.getOutputStream(), true, UTF_8),
                new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8)));
        if (!"serving".equals(serving.results.readLine())) {
            throw new IOException("it does not serve: " + Files.readString(root.resolve("log")));
        }
        return serving;
    }

    /** Mounts a layer. */
    void mount(String name, Path target) throws IOException {
        commands.println(name + " " + target);
        String result = Objects.requireNonNullElse(results.readLine(), "it has died");
        if (!result.equals("mounted")) {
            throw new IOException(result);
        }
    }

    /** Waits until it has killed itself. */
    void awaitDeath() {
        process.onExit().join();
    }

    /** As {@code kill -9}. */
    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }

    public static void main(String[] args) throws Exception {
        Linux linux = Linux.load();
        Path root = Path.of(args[0]);
        Keeper keeper = ProcessKeeper.open(linux, root);
        FanotifyBackend backend = FanotifyBackend.start(
                linux,
                new FanotifyOptions(2, Duration.ofMillis(50)),
                new FileBackedErofs(linux.mounts()),
                BootId.current(),
                keeper);
        Served served = new Served(backend, root.resolve("layers"), Death.valueOf(args[1]));
        backend.resume(served);
        System.out.println("serving");
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            String[] words = line.split(" ", -1);
            try {
                served.open(words[0]);
                served.mount(words[0], Path.of(words[1]));
                System.out.println("mounted");
            } catch (IOException e) {
                System.out.println(e);
            }
        }
    }

    private static final class Served implements LayerSource {
        private final FanotifyBackend backend;
        private final Path layers;
        private final Death death;
        private final Map<String, LayerFill> open = new HashMap<>();
        private final Map<String, AttachedDevice> attached = new HashMap<>();

        Served(FanotifyBackend backend, Path layers, Death death) {
            this.backend = backend;
            this.layers = layers;
            this.death = death;
        }

        @Override
        public synchronized LayerFill open(String name) throws IOException {
            LayerFill known = open.get(name);
            if (known != null) {
                return known;
            }
            byte[] blob = Files.readAllBytes(layers.resolve(name).resolve("blob"));
            DataDevice device = backend.openDevice(name, files(name), blob.length);
            LayerFill fill = death == Death.NEVER
                    ? new SourceLayer(device, blob, CompletableFuture.delayedExecutor(1, MILLISECONDS))
                    : new DeadlyFill(device, blob, death);
            attached.put(name, backend.attach(name, files(name), fill));
            open.put(name, fill);
            return fill;
        }

        synchronized void mount(String name, Path target) throws IOException {
            Objects.requireNonNull(attached.get(name))
                    .mount(layers.resolve(name).resolve("meta.erofs"), target);
        }

        @Override
        public List<String> names() throws IOException {
            try (var directories = Files.list(layers)) {
                return directories.map(path -> path.getFileName().toString()).toList();
            }
        }

        @Override
        public LayerFiles files(String name) {
            return new LayerFiles(layers.resolve(name));
        }
    }

    private record DeadlyFill(DataDevice device, byte[] blob, Death death) implements LayerFill {
        @Override
        public CompletableFuture<Void> fill(long offset, long length, Priority priority) {
            int end = (int) Math.min(blob.length, offset + length);
            if (offset >= end) {
                return CompletableFuture.completedFuture(null);
            }
            int write = switch (death) {
                case IN_WRITE -> (end - (int) offset) / 2 / DataDevice.PAGE * DataDevice.PAGE;
                case BEFORE_ANSWER -> end - (int) offset;
                case BEFORE_WRITE, NEVER -> 0;
            };
            try {
                device.write(offset, ByteBuffer.wrap(blob, (int) offset, write));
            } catch (IOException e) {
                return CompletableFuture.failedFuture(e);
            }
            Runtime.getRuntime().halt(1);
            return new CompletableFuture<>();
        }

        @Override
        public void close() {
            // Nothing waits.
        }
    }
}
