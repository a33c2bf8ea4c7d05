package dev.sluice.ondemand.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.fill.BootId;
import dev.sluice.fill.SparseFileDevice;
import dev.sluice.linux.Linux;
import dev.sluice.linux.MountTable;
import dev.sluice.linux.Mounts.UnmountFlag;
import dev.sluice.linux.OpenFlags;
import dev.sluice.ondemand.FileBackedErofs;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.SourceLayer;
import dev.sluice.ondemand.fuse.FuseBackend.FuseFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The flat directory itself, without EROFS on it. */
class FuseBackendTest {
    private static final int PAGE = 4096;

    private final Linux linux = Linux.load();
    private final Executor later = CompletableFuture.delayedExecutor(2, TimeUnit.MILLISECONDS);
    private final List<AutoCloseable> open = new ArrayList<>();

    @TempDir
    Path directory;

    private Path mountPoint = Path.of("");

    @BeforeEach
    void needsFuse() throws IOException {
        assumeTrue(linux.lstat(Path.of("/proc/self")).uid() == 0, "mounting needs root");
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "there is no /dev/fuse");
        mountPoint = directory.resolve("fuse");
    }

    @AfterEach
    void closeAll() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
        assertThat(MountTable.read().under(directory)).isEmpty();
    }

    @Test
    void aFileHasTheDevicesBytes() throws Exception {
        byte[] source = random(1, 300 * PAGE);
        Path file = backend().expose("00aa", layer(source)).path();

        assertThat(file).isEqualTo(mountPoint.resolve("00aa"));
        assertThat(Files.readAllBytes(file)).isEqualTo(source);
        assertThat(Files.size(file)).isEqualTo(source.length);
    }

    @Test
    void sendfileGetsTheDevicesBytes() throws Exception {
        byte[] source = random(2, 300 * PAGE);
        Path file = backend().expose("0", layer(source)).path();
        Path copy = directory.resolve("copy");

        try (FileChannel from = FileChannel.open(file);
                FileChannel to = FileChannel.open(copy, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            long at = 0;
            while (at < source.length) {
                at += from.transferTo(at, source.length - at, to);
            }
        }

        assertThat(copy).hasBinaryContent(source);
    }

    @Test
    void whatIsPresentIsServedWithoutAFill() throws Exception {
        byte[] source = random(3, 64 * PAGE);
        SourceLayer layer = layer(source);
        layer.device().write(0, ByteBuffer.wrap(source));
        Path file = backend().expose("0", layer).path();

        assertThat(Files.readAllBytes(file)).isEqualTo(source);
        assertThat(layer.fills()).isZero();
    }

    @Test
    void theDirectoryListsManyDevicesAndForgetsDetachedOnes() throws Exception {
        FuseBackend backend = backend();
        List<FuseFile> devices = new ArrayList<>();
        List<String> names = new ArrayList<>();
        byte[] source = random(4, PAGE);
        SourceLayer layer = layer(source);
        for (int i = 0; i < 1000; i++) {
            names.add(Integer.toHexString(i) + "0".repeat(60));
            devices.add(backend.expose(names.get(i), layer));
        }
        assertThat(mountPoint.toFile().list()).containsExactlyInAnyOrderElementsOf(names);
        assertThat(Files.readAllBytes(devices.get(999).path())).isEqualTo(source);

        for (int i = 0; i < 1000; i++) {
            if (i != 500) {
                devices.get(i).close();
            }
        }

        assertThat(mountPoint.toFile().list()).containsExactly(names.get(500));
        assertThat(devices.get(999).path()).doesNotExist();
        assertThat(Files.readAllBytes(devices.get(500).path())).isEqualTo(source);
    }

    @Test
    void aNameThatWasMissingIsFoundOnceItIsAttached() throws Exception {
        FuseBackend backend = backend();
        assertThat(mountPoint.resolve("a")).doesNotExist();
        assertThat(mountPoint.resolve("a").resolve("b")).doesNotExist();

        backend.expose("a", layer(random(5, PAGE)));

        assertThat(mountPoint.resolve("a")).exists();
    }

    @Test
    void anotherDeviceUnderAUsedNameIsSeenInsteadOfTheOldPages() throws Exception {
        FuseBackend backend = backend();
        FuseFile first = backend.expose("a", layer(random(6, PAGE)));
        assertThat(Files.readAllBytes(first.path())).isEqualTo(random(6, PAGE));
        first.close();
        first.close();

        FuseFile second = backend.expose("a", layer(random(7, 2 * PAGE)));

        assertThat(Files.readAllBytes(second.path())).isEqualTo(random(7, 2 * PAGE));
    }

    @Test
    void namesAreUniqueAndHexadecimal() throws Exception {
        FuseBackend backend = backend();
        SourceLayer layer = layer(random(8, PAGE));
        backend.expose("a", layer);

        assertThatThrownBy(() -> backend.expose("a", layer)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> backend.expose("../a", layer)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> backend.expose("", layer)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> backend.expose("0".repeat(65), layer)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void nothingCanBeWritten() throws Exception {
        Path file = backend().expose("a", layer(random(9, PAGE))).path();

        assertThatThrownBy(() -> Files.write(file, new byte[1])).hasMessageContaining("Read-only");
        assertThatThrownBy(() -> Files.createFile(mountPoint.resolve("b"))).hasMessageContaining("Read-only");
        assertThatThrownBy(() -> Files.delete(file)).hasMessageContaining("Read-only");
    }

    @Test
    void aFailedFillIsAnErrorAndALaterReadWorks() throws Exception {
        byte[] source = random(10, 100 * PAGE);
        SourceLayer layer = layer(source);
        Path file = backend().expose("a", layer).path();
        layer.failWith(new IOException("registry does not answer"));

        assertThatThrownBy(() -> Files.readAllBytes(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("Input/output error");
        layer.recover();

        assertThat(Files.readAllBytes(file)).isEqualTo(source);
    }

    @Test
    void aFillThatThrowsOrDoesNotFillIsAnError() throws Exception {
        SourceLayer layer = layer(random(11, PAGE));
        FuseBackend backend = backend();
        Path throwing = backend.expose("a", new BrokenLayer(layer.device(), () -> {
                    throw new IllegalStateException("broken");
                }))
                .path();
        Path lying = backend.expose("b", new BrokenLayer(layer.device(), () -> CompletableFuture.completedFuture(null)))
                .path();

        assertThatThrownBy(() -> Files.readAllBytes(throwing)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> Files.readAllBytes(lying)).isInstanceOf(IOException.class);
    }

    @Test
    void aReaderThatWaitsCanBeKilledAndOthersGoOn() throws Exception {
        byte[] source = random(12, 100 * PAGE);
        SourceLayer layer = layer(source);
        Path file = backend().expose("a", layer).path();
        layer.hold();
        Process reader = new ProcessBuilder("cat", file.toString())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        await().until(() -> layer.waiting() > 0);

        reader.destroyForcibly();

        assertThat(reader.waitFor()).isEqualTo(128 + 9);
        layer.release();
        assertThat(Files.readAllBytes(file)).isEqualTo(source);
    }

    @Test
    void aReaderThatIsKilledGivesItsFillUp() throws Exception {
        SourceLayer layer = layer(random(19, PAGE));
        Path file = backend().expose("a", layer).path();
        layer.hold();
        Process reader = uncachedReader(file);
        await().until(() -> layer.waiting() > 0);

        reader.destroyForcibly();

        assertThat(reader.waitFor()).isEqualTo(128 + 9);
        await().until(() -> layer.waiting() == 0);
    }

    @Test
    void aReaderThatGetsAnotherSignalReadsOnButCanStillBeKilled() throws Exception {
        byte[] source = random(20, PAGE);
        SourceLayer layer = layer(source);
        Path file = backend().expose("a", layer).path();
        layer.hold();
        Process survivor = uncachedReader(file);
        await().until(() -> layer.waiting() == 1);
        Process victim = uncachedReader(file);
        await().until(() -> layer.waiting() == 2);
        // dd prints its progress when it gets this one.
        run("kill", "-USR1", Long.toString(survivor.pid()), Long.toString(victim.pid()));

        victim.destroyForcibly();
        assertThat(victim.waitFor()).isEqualTo(128 + 9);
        await().until(() -> layer.waiting() == 1);
        layer.release();

        assertThat(survivor.getInputStream().readAllBytes()).isEqualTo(source);
        assertThat(survivor.waitFor()).isZero();
        assertThat(survivor.getErrorStream()).isNotEmpty();
        assertThat(layer.fills()).as("dd would have read again after an error").isEqualTo(2);
    }

    @Test
    void detachingFailsTheReadsThatWait() throws Exception {
        SourceLayer layer = layer(random(13, 100 * PAGE));
        FuseBackend backend = backend();
        FuseFile device = backend.expose("a", layer);
        layer.hold();
        Future<byte[]> read = inBackground(() -> Files.readAllBytes(device.path()));
        await().until(() -> layer.waiting() > 0);

        device.close();

        assertThatThrownBy(read::get).hasRootCauseInstanceOf(IOException.class);
        assertThat(layer.waiting()).isZero();
    }

    @Test
    void closingFailsTheReadsThatWait() throws Exception {
        SourceLayer layer = layer(random(14, 100 * PAGE));
        FuseBackend backend = backend();
        FuseFile device = backend.expose("a", layer);
        layer.hold();
        List<Future<byte[]>> reads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            reads.add(inBackground(() -> Files.readAllBytes(device.path())));
        }
        await().until(() -> layer.waiting() > 0);

        backend.close();
        backend.close();

        for (Future<byte[]> read : reads) {
            assertThatThrownBy(read::get).hasRootCauseInstanceOf(IOException.class);
        }
        assertThatThrownBy(() -> backend.expose("b", layer)).isInstanceOf(IOException.class);
        device.close();
    }

    @Test
    void aConnectionThatIsLostFailsReadersAndLaterAttaches() throws Exception {
        SourceLayer layer = layer(random(15, 100 * PAGE));
        FuseBackend backend = backend();
        Path file = backend.expose("a", layer).path();
        layer.hold();
        Future<byte[]> read = inBackground(() -> Files.readAllBytes(file));
        await().until(() -> layer.waiting() > 0);

        linux.mounts().unmount(mountPoint, UnmountFlag.FORCE, UnmountFlag.DETACH);

        assertThatThrownBy(read::get).hasRootCauseInstanceOf(IOException.class);
        await().untilAsserted(() ->
                assertThatThrownBy(() -> backend.expose("b", layer)).isInstanceOf(IOException.class));
    }

    @Test
    void startingDetachesADeadMountOfAnEarlierProcess() throws Exception {
        byte[] source = random(16, PAGE);
        Files.createDirectory(mountPoint);
        try (var device = linux.open(Path.of("/dev/fuse"), OpenFlags.O_RDWR, 0)) {
            linux.mounts().fuse(device, "sluice", "sluice", mountPoint, PAGE);
        }
        assertThatThrownBy(() -> linux.lstat(mountPoint.resolve("a"))).hasMessageContaining("ENOTCONN");

        Path file = backend().expose("a", layer(source)).path();

        assertThat(Files.readAllBytes(file)).isEqualTo(source);
        assertThat(MountTable.read().under(mountPoint)).hasSize(1);
    }

    @Test
    void startingLeavesSomebodyElsesMountAlone() throws Exception {
        Files.createDirectory(mountPoint);
        linux.mounts().bind(directory, mountPoint);

        assertThatThrownBy(() -> FuseBackend.start(
                        linux,
                        mountPoint,
                        FuseOptions.defaults(),
                        new FileBackedErofs(linux.mounts()),
                        BootId.current(),
                        Keeper.NONE))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is mounted there");
        linux.mounts().unmount(mountPoint);
    }

    @Test
    void manyReadersAtRandomPlacesAllReadWhatIsThere() throws Exception {
        long seed = System.nanoTime();
        byte[] source = random(seed, 4096 * PAGE);
        SourceLayer layer = layer(source);
        Path file = backend().expose("a", layer).path();

        List<Future<Integer>> readers = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            long readerSeed = seed + i;
            readers.add(inBackground(() -> compareAtRandomPlaces(file, source, readerSeed, 100)));
        }

        for (Future<Integer> reader : readers) {
            assertThat(reader.get()).as("equal reads, seed %d", seed).isEqualTo(100);
        }
    }

    @Test
    void nodesAreTheSameAfterARestart() throws Exception {
        FuseBackend first = backend();
        Path file = first.expose("abc", layer(random(17, PAGE))).path();
        Object before = Files.getAttribute(file, "unix:ino");
        first.close();

        backend().expose("abc", layer(random(18, PAGE)));

        assertThat(Files.getAttribute(file, "unix:ino")).isEqualTo(before);
    }

    private static int compareAtRandomPlaces(Path file, byte[] source, long seed, int count) throws IOException {
        Random random = new Random(seed);
        int equal = 0;
        try (FileChannel channel = FileChannel.open(file)) {
            for (int i = 0; i < count; i++) {
                int offset = random.nextInt(source.length);
                int length = Math.min(source.length - offset, 1 + random.nextInt(3 * PAGE));
                ByteBuffer buffer = ByteBuffer.allocateDirect(length);
                while (buffer.hasRemaining() && channel.read(buffer, offset + buffer.position()) > 0) {
                    Thread.onSpinWait();
                }
                if (buffer.flip().equals(ByteBuffer.wrap(source, offset, length))) {
                    equal++;
                }
            }
        }
        return equal;
    }

    private FuseBackend backend() throws IOException {
        FuseBackend backend = FuseBackend.start(
                linux,
                mountPoint,
                FuseOptions.defaults(),
                new FileBackedErofs(linux.mounts()),
                BootId.current(),
                Keeper.NONE);
        open.add(backend);
        return backend;
    }

    private SourceLayer layer(byte[] source) throws IOException {
        Path files = Files.createTempDirectory(directory, "layer");
        SparseFileDevice device = SparseFileDevice.open(
                linux, files.resolve("data"), files.resolve("present"), source.length, BootId.current());
        open.add(device);
        SourceLayer layer = new SourceLayer(device, source, later);
        open.add(layer);
        return layer;
    }

    private <T> Future<T> inBackground(Callable<T> task) {
        ExecutorService executor = Executors.newSingleThreadExecutor();
        try {
            return executor.submit(task);
        } finally {
            executor.shutdown();
        }
    }

    /** Reads the first page by a request of its own, which the kernel can interrupt, not by one for the page cache. */
    private static Process uncachedReader(Path file) throws IOException {
        return new ProcessBuilder("dd", "if=" + file, "bs=4096", "count=1", "iflag=direct").start();
    }

    private static void run(String... command) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    }

    private static byte[] random(long seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
