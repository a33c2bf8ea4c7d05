package dev.sluice.ondemand.fanotify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.fill.BootId;
import dev.sluice.fill.DataDevice;
import dev.sluice.fill.LayerFill;
import dev.sluice.fill.Priority;
import dev.sluice.fill.SparseFileDevice;
import dev.sluice.linux.LinuxException;
import dev.sluice.linux.Mounts.UnmountFlag;
import dev.sluice.ondemand.Backend.AttachedDevice;
import dev.sluice.ondemand.FileBackedErofs;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.LayerFiles;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** A layer as containers see it: EROFS on a file that is filled while they wait. */
class ErofsOnFanotifyTest {
    @TempDir
    Path directory;

    private Node node;
    private Path mount = Path.of("");

    @BeforeEach
    void mountLayer() throws Exception {
        Node.assumeUsable(directory);
        node = new Node(directory);
        node.start();
        mount = node.mount();
    }

    @AfterEach
    void unmountAll() throws Exception {
        if (node != null) {
            node.close();
        }
    }

    @Test
    void metadataNeverAsk() throws Exception {
        assertThat(Files.size(mount.resolve("large"))).isEqualTo(Node.LARGE);
        assertThat(mount.resolve("usr/bin").toFile().list()).containsExactly("sha256sum");
        assertThat(mount.resolve("missing")).doesNotExist();

        assertThat(node.layer().fills()).isZero();
    }

    @Test
    void onlyWhatIsReadIsFilled() throws Exception {
        assertThat(Files.readString(mount.resolve("small"))).isEqualTo("a small file");

        assertThat(node.device().presentBytes()).isPositive().isLessThan(Node.LARGE);
    }

    @Test
    void filesReadAsInTheImage() throws Exception {
        for (String file : List.of("small", "large", "usr/bin/sha256sum")) {
            assertThat(mount.resolve(file)).hasSameBinaryContentAs(node.tree().resolve(file));
        }
    }

    @Test
    void whatIsPresentIsServedWithoutAFill() throws Exception {
        byte[] blob = Files.readAllBytes(directory.resolve("layers/00ff/blob"));
        int most = blob.length - 2 * 4096;
        node.device().write(0, ByteBuffer.wrap(blob, 0, most));

        assertThat(Files.readString(mount.resolve("small"))).isEqualTo("a small file");
        assertThat(node.layer().fills()).isLessThanOrEqualTo(1);
    }

    @Test
    void aProgramRunsWhileItsPagesArrive() throws Exception {
        Process sum = new ProcessBuilder(mount.resolve("usr/bin/sha256sum").toString(), "large")
                .directory(mount.toFile())
                .start();

        assertThat(Node.output(sum)).startsWith(node.expectedSum("large"));
        assertThat(sum.waitFor()).isZero();
    }

    @Test
    void mappedPagesAreRight() throws Exception {
        assertThat(Node.output(ReadingProcess.start("map", mount.resolve("large"))))
                .isEqualTo(node.expectedSum("large"));
    }

    @Test
    void whatIsSentIsRight() throws Exception {
        assertThat(Node.output(ReadingProcess.start("send", mount.resolve("large"))))
                .isEqualTo(node.expectedSum("large"));
    }

    @Test
    void aFailedFillIsAnErrorAndALaterReadWorks() throws Exception {
        node.layer().failWith(new IOException("registry does not answer"));

        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> Files.readAllBytes(mount.resolve("large")))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Input/output error");
        }
        node.layer().recover();

        assertThat(mount.resolve("large")).hasSameBinaryContentAs(node.tree().resolve("large"));
    }

    @Test
    void aFillThatBringsNothingIsAnError() throws Exception {
        assertBroken(() -> CompletableFuture.completedFuture(null));
    }

    @Test
    void aFillThatThrowsIsAnError() throws Exception {
        assertBroken(() -> {
            throw new IllegalStateException("a bug");
        });
    }

    private void assertBroken(Supplier<CompletableFuture<Void>> fills) throws Exception {
        node.addLayer("0a");
        LayerFiles files = new LayerFiles(directory.resolve("layers/0a"));
        DataDevice device = node.backend()
                .openDevice("0a", files, Files.size(files.directory().resolve("blob")));
        Path target = Files.createDirectory(directory.resolve("broken"));
        AttachedDevice attached = node.backend().attach("0a", files, new BrokenFill(device, fills));
        attached.mount(files.directory().resolve("meta.erofs"), target);

        assertThatThrownBy(() -> Files.readAllBytes(target.resolve("large")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("Input/output error");
        attached.close();
        device.close();
    }

    private record BrokenFill(DataDevice device, Supplier<CompletableFuture<Void>> fills) implements LayerFill {
        @Override
        public CompletableFuture<Void> fill(long offset, long length, Priority priority) {
            return fills.get();
        }

        @Override
        public void close() {
            // Nothing waits.
        }
    }

    @Test
    void aFailedFillIsAFaultForWhoeverHasMappedThePage() throws Exception {
        node.layer().failWith(new IOException("registry does not answer"));

        assertThat(Node.output(ReadingProcess.start("map", mount.resolve("large"))))
                .startsWith("error: a fault occurred");
    }

    @Test
    void aReaderThatWaitsCanBeKilledAndOthersGoOn() throws Exception {
        node.layer().hold();
        Process reader = node.cat(mount.resolve("large"));
        await().until(() -> node.layer().waiting() > 0);

        reader.destroyForcibly();

        assertThat(reader.waitFor()).isEqualTo(128 + 9);
        node.layer().release();
        assertThat(mount.resolve("large")).hasSameBinaryContentAs(node.tree().resolve("large"));
    }

    @Test
    void aMountCanBeDetachedWhileReadersWait() throws Exception {
        node.layer().hold();
        Process reader = node.sum(mount.resolve("large"));
        await().until(() -> node.layer().waiting() > 0);

        node.linux.mounts().unmount(mount, UnmountFlag.DETACH);
        node.layer().release();

        assertThat(Node.output(reader)).startsWith(node.expectedSum("large"));
    }

    @Test
    void twoMountsShareADevice() throws Exception {
        Path second = node.mount();
        assertThat(second.resolve("large")).hasSameBinaryContentAs(node.tree().resolve("large"));
        int fills = node.layer().fills();

        assertThat(mount.resolve("large")).hasSameBinaryContentAs(node.tree().resolve("large"));

        assertThat(node.layer().fills()).isEqualTo(fills);
    }

    @Test
    void twoLayersAreKeptApart() throws Exception {
        Files.writeString(node.tree().resolve("small"), "another small file");
        node.addLayer("0a");
        Path second = node.mount("0a");

        assertThat(Files.readString(second.resolve("small"))).isEqualTo("another small file");
        assertThat(Files.readString(mount.resolve("small"))).isEqualTo("a small file");
    }

    @Test
    void manyReadersAtRandomPlacesAllReadWhatIsThere() throws Exception {
        readAtRandomPlaces(64);
    }

    @Test
    void theMarkIsTakenOffWhileManyRead() throws Exception {
        byte[] blob = Files.readAllBytes(directory.resolve("layers/00ff/blob"));
        assertThat(node.marks()).hasSize(1);
        Future<?> fill = Executors.newSingleThreadExecutor().submit(() -> {
            for (int page = blob.length - 4096; page >= 0; page -= 4096) {
                node.layer().fill(page, 4096, Priority.BACKGROUND).join();
            }
            return null;
        });

        readAtRandomPlaces(16);
        fill.get();

        await().until(() -> node.marks().isEmpty());
        readAtRandomPlaces(16);
    }

    @Test
    void aCompleteLayerNeedsNobody() throws Exception {
        byte[] blob = Files.readAllBytes(directory.resolve("layers/00ff/blob"));
        assertThat(Files.readString(mount.resolve("small"))).isEqualTo("a small file");
        assertThat(files().wasMarked(BootId.current())).isTrue();
        assertThat(files().wasMarked(new BootId(new UUID(1, 2)))).isFalse();
        node.device().write(0, ByteBuffer.wrap(blob));
        await().until(() -> node.marks().isEmpty());
        await().until(() -> !files().wasMarked(BootId.current()));

        node.stop();

        assertThat(node.keeper.take(KeptGroup.GROUP)).isEmpty();
        assertThat(mount.resolve("large")).hasSameBinaryContentAs(node.tree().resolve("large"));
    }

    @Test
    void aLayerThatIsCompleteFromTheBeginningIsNotMarked() throws Exception {
        node.addLayer("0a");
        Path layer = directory.resolve("layers/0a");
        byte[] blob = Files.readAllBytes(layer.resolve("blob"));
        try (var device = SparseFileDevice.open(
                node.linux, layer.resolve("data"), layer.resolve("present"), blob.length, BootId.current())) {
            device.write(0, ByteBuffer.wrap(blob));
        }

        Path second = node.mount("0a");

        assertThat(node.marks()).hasSize(1);
        assertThat(second.resolve("large")).hasSameBinaryContentAs(node.tree().resolve("large"));
    }

    @Test
    void descriptorsOfEventsAreClosed() throws Exception {
        readAtRandomPlaces(4);
        // A reader goes on before the descriptor of its event is closed. What stays open is the device's own.
        await().until(() -> openDataFiles() == 1);
        node.layer().failWith(new IOException("registry does not answer"));
        Path second = node.mount();
        assertThatThrownBy(() -> Files.readAllBytes(second.resolve("usr/bin/sha256sum")))
                .isInstanceOf(IOException.class);
        node.layer().recover();
        assertThat(second.resolve("large")).hasSameBinaryContentAs(node.tree().resolve("large"));

        await().until(() -> openDataFiles() == 1);
    }

    @Test
    void withoutDescriptorsReadersGetErrorsAndLaterReadersTheBytes() throws Exception {
        loadWhatIsNeeded();
        long pid = ProcessHandle.current().pid();
        String soft = Node.output(
                        new ProcessBuilder("prlimit", "--pid=" + pid, "--nofile", "--output=SOFT", "--noheadings")
                                .start())
                .strip();
        // This process cannot open anything between the two.
        String denied = "prlimit --pid=" + pid + " --nofile=3: && cat " + mount.resolve("large")
                + " > /dev/null; status=$?; prlimit --pid=" + pid + " --nofile=" + soft + ":; exit $status";
        Process reader =
                new ProcessBuilder("sh", "-c", denied).redirectErrorStream(true).start();

        assertThat(Node.output(reader)).contains("cat: ");
        assertThat(reader.waitFor()).isEqualTo(1);
        assertThat(mount.resolve("large")).hasSameBinaryContentAs(node.tree().resolve("large"));
    }

    /** Classes are files, too. */
    private static void loadWhatIsNeeded() throws Exception {
        for (Class<?> neighbour : List.of(FanotifyBackend.class, LinuxException.class)) {
            Path classes = Path.of(neighbour
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .resolve(neighbour.getPackageName().replace('.', '/'));
            try (Stream<Path> files = Files.list(classes)) {
                for (Path file : files.toList()) {
                    String name = file.getFileName().toString();
                    if (name.endsWith(".class")) {
                        Class.forName(neighbour.getPackageName() + "." + name.replace(".class", ""));
                    }
                }
            }
        }
        LoggerFactory.getLogger(EventLoop.class).error("This is only a test", new LinuxException("open nothing", 24));
    }

    @Test
    void withoutAKeeperNothingStarts() {
        assertThatThrownBy(() -> FanotifyBackend.start(
                        node.linux,
                        FanotifyOptions.defaults(),
                        new FileBackedErofs(node.linux.mounts()),
                        BootId.current(),
                        Keeper.NONE))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("zeros");
    }

    private LayerFiles files() {
        return new LayerFiles(directory.resolve("layers/00ff"));
    }

    private long openDataFiles() throws IOException {
        long count = 0;
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors.toList()) {
                try {
                    if (Files.readSymbolicLink(descriptor).equals(directory.resolve("layers/00ff/data"))) {
                        count++;
                    }
                } catch (NoSuchFileException e) {
                    // Closed meanwhile.
                }
            }
        }
        return count;
    }

    private void readAtRandomPlaces(int count) throws Exception {
        long seed = System.nanoTime();
        byte[] expected = Files.readAllBytes(node.tree().resolve("large"));
        ExecutorService executor = Executors.newFixedThreadPool(count);
        List<Future<Integer>> readers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Random random = new Random(seed + i);
            readers.add(executor.submit(() -> readAtRandomPlaces(expected, random)));
        }
        executor.shutdown();

        for (Future<Integer> reader : readers) {
            assertThat(reader.get()).as("wrong reads, seed %d", seed).isZero();
        }
    }

    private int readAtRandomPlaces(byte[] expected, Random random) throws IOException {
        int wrong = 0;
        try (RandomAccessFile file = new RandomAccessFile(mount.resolve("large").toFile(), "r")) {
            for (int i = 0; i < 100; i++) {
                int offset = random.nextInt(expected.length);
                byte[] bytes = new byte[Math.min(expected.length - offset, 1 + random.nextInt(20_000))];
                file.seek(offset);
                file.readFully(bytes);
                if (!Arrays.equals(bytes, 0, bytes.length, expected, offset, offset + bytes.length)) {
                    wrong++;
                }
            }
        }
        return wrong;
    }
}
