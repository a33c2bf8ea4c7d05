package dev.sluice.ondemand.fuse;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.fill.BootId;
import dev.sluice.fill.LayerFill;
import dev.sluice.fill.SparseFileDevice;
import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.MountTable;
import dev.sluice.linux.Mounts.UnmountFlag;
import dev.sluice.linux.SystemInfo;
import dev.sluice.ondemand.FileBackedErofs;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.LayerFiles;
import dev.sluice.ondemand.LayerSource;
import dev.sluice.ondemand.Rescue;
import dev.sluice.ondemand.SourceLayer;
import dev.sluice.ondemand.keeper.ProcessKeeper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A backend that a keeper stands behind, and the next one on the same connection. What the first one has read and not answered, the kernel
 * repeats, or a journal tells.
 */
@ParameterizedClass(name = "{0}")
@EnumSource
class FuseTakeoverTest {
    private static final int PAGE = 4096;
    private static final byte[] LEFT = random(5, 64 * PAGE);
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /** Who remembers what was not answered. */
    enum Memory {
        KERNEL,
        JOURNAL
    }

    private final Memory memory;
    private final Linux linux = Linux.load();
    private final ExecutorService readers = Executors.newCachedThreadPool();
    private final Map<String, SourceLayer> layers = new ConcurrentHashMap<>();

    @TempDir
    Path directory;

    private Path mountPoint = Path.of("");
    private Keeper keeper = Keeper.NONE;

    FuseTakeoverTest(Memory memory) {
        this.memory = memory;
    }

    @BeforeEach
    void open() throws IOException {
        assumeTrue(linux.lstat(Path.of("/proc/self")).uid() == 0, "mounting needs root");
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "there is no /dev/fuse");
        assumeTrue(
                memory == Memory.JOURNAL || SystemInfo.kernel().isAtLeast(6, 9),
                "the kernel cannot repeat FUSE requests, Linux 6.9 can");
        mountPoint = directory.resolve("fuse");
        keeper = ProcessKeeper.open(linux, directory);
    }

    @AfterEach
    void close() throws IOException {
        keeper.forget("fuse", "fuse-journal");
        keeper.close();
        while (MountTable.read().at(mountPoint).isPresent()) {
            linux.mounts().unmount(mountPoint, UnmountFlag.DETACH);
        }
        readers.shutdownNow();
    }

    @Test
    void readsThatWaitWhenOneProcessEndsAreAnsweredByTheNext() throws Exception {
        byte[] source = random(1, 300 * PAGE);
        SourceLayer first = layer("aa", source);
        FuseBackend backend = backend();
        Path file = backend.expose("aa", first).path();
        first.hold();
        Future<byte[]> read = readers.submit(() -> Files.readAllBytes(file));
        await().atMost(PATIENCE).until(() -> first.waiting() > 0);
        backend.close();
        first.device().close();
        newKeeper();

        layer("aa", source);
        try (FuseBackend next = backend()) {
            next.resume(layersOf(next));
            assertThat(read.get()).isEqualTo(source);
        }
    }

    @Test
    void rescuedReadersGetErrorsAndTheNextProcessServesTheSameFile() throws Exception {
        byte[] source = random(7, 300 * PAGE);
        SourceLayer first = layer("aa", source);
        FuseBackend backend = backend();
        Path file = backend.expose("aa", first).path();
        first.hold();
        Future<byte[]> read = readers.submit(() -> Files.readAllBytes(file));
        await().atMost(PATIENCE).until(() -> first.waiting() > 0);
        backend.close();
        first.device().close();
        newKeeper();

        try (Rescue rescue =
                FuseRescue.start(linux, mountPoint, BootId.current(), keeper).orElseThrow()) {
            assertThatThrownBy(read::get).hasRootCauseInstanceOf(IOException.class);
            await().atMost(PATIENCE).until(rescue::isQuiet);
        }
        newKeeper();
        layer("aa", source);
        try (FuseBackend next = backend()) {
            next.resume(layersOf(next));
            next.expose("bb", layer("bb", source));
            assertThat(Files.readAllBytes(file)).isEqualTo(source);
        }
    }

    @Test
    void whereNothingIsKeptThereIsNothingToRescueAndNothingIsMounted() throws Exception {
        assertThat(FuseRescue.start(linux, mountPoint, BootId.current(), keeper))
                .isEmpty();
        assertThat(MountTable.read().at(mountPoint)).isEmpty();
    }

    @Test
    void readsThatBeginWhileNobodyServesAreAnsweredByTheNext() throws Exception {
        byte[] source = random(2, 64 * PAGE);
        SourceLayer layer = layer("aa", source);
        FuseBackend backend = backend();
        Path file = backend.expose("aa", layer).path();
        // The kernel knows the name from now on, as it does where something is mounted on it.
        assertThat(Files.size(file)).isEqualTo(source.length);
        backend.close();
        Future<byte[]> read = readers.submit(() -> Files.readAllBytes(file));
        newKeeper();

        try (FuseBackend next = backend()) {
            next.resume(layersOf(next));
            assertThat(read.get()).isEqualTo(source);
            assertThat(Files.readAllBytes(next.expose("bb", layer("bb", source)).path()))
                    .isEqualTo(source);
        }
    }

    @Test
    void aConnectionIsTakenOverAgainAndAgain() throws Exception {
        byte[] source = random(3, 64 * PAGE);
        Path file = mountPoint.resolve("aa");
        SourceLayer layer = layer("aa", source);
        FuseBackend first = backend();
        first.expose("aa", layer);
        assertThat(Arrays.copyOf(Files.readAllBytes(file), PAGE)).isEqualTo(Arrays.copyOf(source, PAGE));
        first.close();
        for (int i = 0; i < 5; i++) {
            newKeeper();
            FuseBackend next = backend();
            next.resume(layersOf(next));
            SourceLayer cold = layer("0" + i, source);
            cold.hold();
            Path other = next.expose("0" + i, cold).path();
            Future<byte[]> read = readers.submit(() -> Files.readAllBytes(other));
            await().atMost(PATIENCE).until(() -> cold.waiting() > 0);
            next.close();
            cold.release();
            newKeeper();
            try (FuseBackend afterNext = backend()) {
                afterNext.resume(layersOf(afterNext));
                assertThat(read.get()).isEqualTo(source);
            }
        }
        assertThat(MountTable.read().under(mountPoint)).hasSize(1);
    }

    @Test
    void aLayerThatCannotBeOpenedFailsItsReadersOnly() throws Exception {
        byte[] source = random(4, 64 * PAGE);
        FuseBackend backend = backend();
        SourceLayer lostLayer = layer("aa", source);
        lostLayer.hold();
        SourceLayer layer = layer("bb", source);
        layer.hold();
        Path lost = backend.expose("aa", lostLayer).path();
        Path file = backend.expose("bb", layer).path();
        Future<byte[]> lostRead = readers.submit(() -> Files.readAllBytes(lost));
        Future<byte[]> read = readers.submit(() -> Files.readAllBytes(file));
        await().atMost(PATIENCE).until(() -> lostLayer.waiting() > 0 && layer.waiting() > 0);
        backend.close();
        newKeeper();
        layer("bb", source);

        try (FuseBackend next = backend()) {
            next.resume(layersOf(next, "aa"));
            assertThatThrownBy(lostRead::get).hasRootCauseInstanceOf(IOException.class);
            assertThat(read.get()).isEqualTo(source);
        }
    }

    @Test
    void withoutTheMountReadersFailAndANewConnectionBegins() throws Exception {
        Future<byte[]> read = leaveAReader();
        linux.mounts().unmount(mountPoint, UnmountFlag.DETACH);

        assertBeginsAnew(read);
    }

    @Test
    void aConnectionThatWasEndedIsNotTakenOver() throws Exception {
        Future<byte[]> read = leaveAReader();
        linux.mounts().unmount(mountPoint, UnmountFlag.FORCE, UnmountFlag.DETACH);

        assertBeginsAnew(read);
    }

    @Test
    void withoutWhatWasAgreedOnReadersFailAndANewConnectionBegins() throws Exception {
        Future<byte[]> read = leaveAReader();
        Files.writeString(directory.resolve("fuse.connection"), "sluice fuse connection 0\n");

        assertBeginsAnew(read);
    }

    @Test
    void whatTheKernelDoesNotRememberNobodyAnswersWithoutTheJournal() throws Exception {
        Future<byte[]> read = leaveAReader();
        // Nothing may be started here: a child would close its copy of the file that is read, and that takes somebody
        // who serves it.
        Optional<LinuxFile> journal = keeper.take("fuse-journal");
        assertThat(journal.isPresent()).isEqualTo(memory == Memory.JOURNAL);
        if (journal.isPresent()) {
            try (LinuxFile damaged = journal.get()) {
                damaged.truncate(0);
            }
            newKeeper();
            assertBeginsAnew(read);
        } else {
            layer("aa", LEFT);
            try (FuseBackend next = backend()) {
                next.resume(layersOf(next));
                assertThat(read.get()).isEqualTo(LEFT);
            }
        }
    }

    /** Leaves the reader, too. */
    private Future<byte[]> leaveAReader() throws Exception {
        SourceLayer layer = layer("aa", LEFT);
        layer.hold();
        FuseBackend backend = backend();
        Path file = backend.expose("aa", layer).path();
        Future<byte[]> read = readers.submit(() -> Files.readAllBytes(file));
        await().atMost(PATIENCE).until(() -> layer.waiting() > 0);
        backend.close();
        newKeeper();
        return read;
    }

    private void assertBeginsAnew(Future<byte[]> read) throws Exception {
        byte[] source = random(6, PAGE);
        try (FuseBackend next = backend()) {
            next.resume(layersOf(next));
            assertThatThrownBy(read::get).hasRootCauseInstanceOf(IOException.class);
            assertThat(Files.readAllBytes(next.expose("bb", layer("bb", source)).path()))
                    .isEqualTo(source);
        }
        assertThat(MountTable.read().under(mountPoint)).hasSize(1);
    }

    /** As of a new process. */
    private void newKeeper() throws IOException {
        keeper.close();
        keeper = ProcessKeeper.open(linux, directory);
    }

    private FuseBackend backend() throws IOException {
        return FuseBackend.start(
                linux,
                mountPoint,
                memory == Memory.KERNEL
                        ? FuseOptions.defaults()
                        : FuseOptions.defaults().withoutResend(),
                new FileBackedErofs(linux.mounts()),
                BootId.current(),
                keeper);
    }

    private SourceLayer layer(String name, byte[] source) throws IOException {
        Path files = Files.createTempDirectory(directory, "layer");
        SourceLayer layer = new SourceLayer(
                SparseFileDevice.open(
                        linux, files.resolve("data"), files.resolve("present"), source.length, BootId.current()),
                source,
                Runnable::run);
        layers.put(name, layer);
        return layer;
    }

    private LayerSource layersOf(FuseBackend backend, String... lost) {
        return new LayerSource() {
            @Override
            public LayerFill open(String name) throws IOException {
                if (List.of(lost).contains(name)) {
                    throw new NoSuchFileException(name);
                }
                SourceLayer layer = requireNonNull(layers.get(name));
                backend.expose(name, layer);
                return layer;
            }

            @Override
            public List<String> names() {
                return List.copyOf(layers.keySet());
            }

            @Override
            public LayerFiles files(String name) {
                throw new UnsupportedOperationException();
            }
        };
    }

    private static byte[] random(long seed, int size) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
