package dev.sluice.ondemand.fanotify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.fill.BootId;
import dev.sluice.fill.DataDevice;
import dev.sluice.linux.FileSystemStatus;
import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.MkfsErofs;
import dev.sluice.linux.MountTable;
import dev.sluice.linux.Mounts.UnmountFlag;
import dev.sluice.linux.SystemInfo;
import dev.sluice.ondemand.FileBackedErofs;
import dev.sluice.ondemand.HeldFiles;
import dev.sluice.ondemand.SourceLayer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * A directory with layers, a keeper that lives as long as this object, and one backend after the other that serves them. Layer {@code 00ff}
 * is there from the beginning.
 */
final class Node implements AutoCloseable {
    static final String NAME = "00ff";
    static final int LARGE = 8 << 20;

    private static final Set<Long> FIT = Set.of(FileSystemStatus.EXT4, FileSystemStatus.XFS, FileSystemStatus.BTRFS);

    final Linux linux = Linux.load();
    final HeldFiles keeper = new HeldFiles();
    private final Path directory;
    private final Path root;
    private final List<Process> readers = new ArrayList<>();
    private int mounts;
    private Optional<FanotifyBackend> backend = Optional.empty();
    private Optional<Layers> layers = Optional.empty();

    Node(Path directory) throws Exception {
        this.directory = directory;
        this.root = Files.createDirectories(directory.resolve("layers"));
        Path tree = tree();
        Files.createDirectories(tree.resolve("usr/bin"));
        Files.copy(Path.of("/usr/bin/sha256sum"), tree.resolve("usr/bin/sha256sum"));
        Files.writeString(tree.resolve("small"), "a small file");
        byte[] large = new byte[LARGE];
        new Random(1).nextBytes(large);
        Files.write(tree.resolve("large"), large);
        addLayer(NAME);
    }

    /** Skips the test where the kernel or the file system of the test's directory cannot do it. */
    static void assumeUsable(Path directory) throws IOException {
        Linux linux = Linux.load();
        assumeTrue(linux.lstat(Path.of("/proc/self")).uid() == 0, "mounting needs root");
        assumeTrue(SystemInfo.kernel().isAtLeast(6, 15), "pre-content events need Linux 6.15");
        assumeTrue(FIT.contains(linux.statfs(directory).type()), directory + " is not on ext4, xfs or btrfs");
        MkfsErofs.assumeUsable();
    }

    /** What the layers hold. */
    Path tree() {
        return directory.resolve("tree");
    }

    /** Makes another layer with the same contents. */
    void addLayer(String name) throws Exception {
        MkfsErofs.build(tree(), Files.createDirectories(root.resolve(name)));
    }

    /** Starts a backend that fills a little later than it is asked. */
    Layers start() throws IOException {
        return start(CompletableFuture.delayedExecutor(2, MILLISECONDS));
    }

    Layers start(Executor executor) throws IOException {
        prepare(executor);
        resume();
        return layers();
    }

    /** Starts a backend that reads no event yet. */
    Layers prepare(Executor executor) throws IOException {
        FanotifyBackend started = FanotifyBackend.start(
                linux,
                new FanotifyOptions(2, Duration.ofMillis(50)),
                new FileBackedErofs(linux.mounts()),
                BootId.current(),
                keeper);
        backend = Optional.of(started);
        layers = Optional.of(new Layers(started, root, executor));
        return layers();
    }

    void resume() throws IOException {
        backend().resume(layers());
    }

    /** Ends the backend. Who reads goes on waiting. */
    void stop() throws IOException {
        if (backend.isPresent()) {
            backend().close();
            layers().close();
            backend = Optional.empty();
        }
    }

    FanotifyBackend backend() {
        return backend.orElseThrow();
    }

    private Layers layers() {
        return layers.orElseThrow();
    }

    SourceLayer layer() throws IOException {
        return layer(NAME);
    }

    SourceLayer layer(String name) throws IOException {
        return layers().get(name).layer();
    }

    DataDevice device() throws IOException {
        return layers().get(NAME).device();
    }

    /** Mounts the layer once more. */
    Path mount() throws IOException {
        return mount(NAME);
    }

    Path mount(String name) throws IOException {
        Path target = Files.createDirectory(directory.resolve("mount" + mounts++));
        layers().get(name).attached().mount(root.resolve(name).resolve("meta.erofs"), target);
        return target;
    }

    /** A process that reads a file and writes nothing but errors. */
    Process cat(Path file) throws IOException {
        return start(new ProcessBuilder("cat", file.toString()).redirectOutput(ProcessBuilder.Redirect.DISCARD));
    }

    /** A process that says which contents a file has. */
    Process sum(Path file) throws IOException {
        return start(new ProcessBuilder("sha256sum", file.toString()).redirectErrorStream(true));
    }

    private Process start(ProcessBuilder builder) throws IOException {
        Process process = builder.start();
        readers.add(process);
        return process;
    }

    /** A process that does the same once it is told so by a line. */
    Process sumLater(Path file) throws IOException {
        return start(new ProcessBuilder("sh", "-c", "read line; sha256sum " + file).redirectErrorStream(true));
    }

    static String output(Process process) throws IOException {
        return new String(process.getInputStream().readAllBytes(), UTF_8);
    }

    /** The same for a file of the tree, read beside the mount. */
    String expectedSum(String file) throws IOException {
        return output(sum(tree().resolve(file))).substring(0, 64);
    }

    /** Descriptors that events which were not answered have, or had. */
    List<Integer> unanswered() throws IOException {
        return journal().left().stream().map(Slot::fd).toList();
    }

    /** As a next process would see it. */
    Journal journal() throws IOException {
        try (LinuxFile file = keeper.take(KeptGroup.JOURNAL).orElseThrow()) {
            return Journal.open(file);
        }
    }

    Set<Long> marks() throws IOException {
        try (var group = linux.fanotifyGroup(keeper.take(KeptGroup.GROUP).orElseThrow())) {
            return group.marks();
        }
    }

    /** Whoever waits gets something: the group is gone when this returns. */
    @Override
    public void close() throws Exception {
        try {
            stop();
        } finally {
            keeper.close();
        }
        for (Process reader : readers) {
            reader.destroyForcibly().waitFor();
        }
        for (MountTable.Mount left : MountTable.read().under(directory)) {
            linux.mounts().unmount(Path.of(left.mountPoint()), UnmountFlag.DETACH);
        }
        assertThat(MountTable.read().under(directory)).isEmpty();
    }
}
