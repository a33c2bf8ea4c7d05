package dev.sluice.ondemand.fuse;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.fill.BootId;
import dev.sluice.fill.SparseFileDevice;
import dev.sluice.linux.Linux;
import dev.sluice.linux.MkfsErofs;
import dev.sluice.linux.MountTable;
import dev.sluice.linux.Mounts.UnmountFlag;
import dev.sluice.ondemand.ErofsMounter;
import dev.sluice.ondemand.FileBackedErofs;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.SourceLayer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A layer as containers see it: EROFS whose data device is a file of the FUSE directory. */
class ErofsOnFuseTest {
    private static final int LARGE = 8 << 20;

    private final Linux linux = Linux.load();

    @TempDir
    Path directory;

    private Path tree = Path.of("");
    private Path mount = Path.of("");
    private FuseBackend backend;
    private SparseFileDevice device;
    private SourceLayer layer;
    private MkfsErofs image;

    @BeforeEach
    void mountLayer() throws Exception {
        assumeTrue(linux.lstat(Path.of("/proc/self")).uid() == 0, "mounting needs root");
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "there is no /dev/fuse");
        assumeMountable();
        tree = Files.createDirectories(directory.resolve("tree"));
        Files.createDirectories(tree.resolve("usr/bin"));
        Files.copy(Path.of("/usr/bin/sha256sum"), tree.resolve("usr/bin/sha256sum"));
        Files.writeString(tree.resolve("small"), "a small file");
        byte[] large = new byte[LARGE];
        new Random(1).nextBytes(large);
        Files.write(tree.resolve("large"), large);
        image = MkfsErofs.build(tree, directory);

        byte[] blob = Files.readAllBytes(image.blob());
        device = SparseFileDevice.open(
                linux, directory.resolve("data"), directory.resolve("present"), blob.length, BootId.current());
        layer = new SourceLayer(device, blob, CompletableFuture.delayedExecutor(2, MILLISECONDS));
        backend = FuseBackend.start(
                linux, directory.resolve("fuse"), FuseOptions.defaults(), erofs(linux), BootId.current(), Keeper.NONE);
        mount = Files.createDirectory(directory.resolve("mount"));
        erofs(linux).mount(image.metadata(), backend.expose("00ff", layer).path(), mount);
    }

    ErofsMounter erofs(Linux linux) {
        return new FileBackedErofs(linux.mounts());
    }

    void assertNothingIsLeft() {}

    void assumeMountable() throws IOException {
        MkfsErofs.assumeUsable();
    }

    @AfterEach
    void unmountAll() throws Exception {
        List<MountTable.Mount> mounts = MountTable.read().under(directory);
        for (MountTable.Mount left : mounts) {
            if (left.type().equals("erofs")) {
                linux.mounts().unmount(Path.of(left.mountPoint()), UnmountFlag.DETACH);
            }
        }
        if (layer != null) {
            layer.close();
            backend.close();
            device.close();
        }
        assertThat(MountTable.read().under(directory)).isEmpty();
        assertNothingIsLeft();
    }

    @Test
    void metadataNeverAsk() throws Exception {
        assertThat(Files.size(mount.resolve("large"))).isEqualTo(LARGE);
        assertThat(mount.resolve("usr/bin").toFile().list()).containsExactly("sha256sum");
        assertThat(mount.resolve("missing")).doesNotExist();

        assertThat(layer.fills()).isZero();
    }

    @Test
    void onlyWhatIsReadIsFilled() throws Exception {
        assertThat(Files.readString(mount.resolve("small"))).isEqualTo("a small file");

        assertThat(device.presentBytes()).isPositive().isLessThan(LARGE);
    }

    @Test
    void filesReadAsInTheImage() throws Exception {
        for (String file : List.of("small", "large", "usr/bin/sha256sum")) {
            assertThat(mount.resolve(file)).hasSameBinaryContentAs(tree.resolve(file));
        }
    }

    @Test
    void aProgramRunsWhileItsPagesArrive() throws Exception {
        Process sum = new ProcessBuilder(mount.resolve("usr/bin/sha256sum").toString(), "large")
                .directory(mount.toFile())
                .start();
        Process expected = new ProcessBuilder("sha256sum", "large")
                .directory(tree.toFile())
                .start();

        assertThat(sum.getInputStream().readAllBytes())
                .isEqualTo(expected.getInputStream().readAllBytes());
        assertThat(sum.waitFor()).isZero();
    }

    @Test
    void usersReadWhatOnlyRootCouldReadInTheFuseDirectory() throws Exception {
        // The way to the mount point must be open to them, and JUnit's temporary directory is not.
        Path open = Files.createTempDirectory(Path.of("/tmp"), "erofs-on-fuse");
        Files.setAttribute(open, "unix:mode", 0755);
        linux.mounts().bind(mount, open);
        try {
            Process reader = new ProcessBuilder("setpriv", "--reuid=65534", "--clear-groups", "cat", open + "/small")
                    .redirectErrorStream(true)
                    .start();
            assertThat(reader.getInputStream().readAllBytes()).asString().isEqualTo("a small file");
        } finally {
            linux.mounts().unmount(open, UnmountFlag.DETACH);
            Files.delete(open);
        }
    }

    @Test
    void aFailedFillIsAnErrorAndALaterReadWorks() throws Exception {
        layer.failWith(new IOException("registry does not answer"));

        assertThatThrownBy(() -> Files.readAllBytes(mount.resolve("large")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("Input/output error");
        layer.recover();

        assertThat(mount.resolve("large")).hasSameBinaryContentAs(tree.resolve("large"));
    }

    @Test
    void aReaderThatWaitsCanBeKilledAndOthersGoOn() throws Exception {
        layer.hold();
        Process reader = new ProcessBuilder("cat", mount.resolve("large").toString())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        await().until(() -> layer.waiting() > 0);

        reader.destroyForcibly();

        assertThat(reader.waitFor()).isEqualTo(128 + 9);
        layer.release();
        assertThat(mount.resolve("large")).hasSameBinaryContentAs(tree.resolve("large"));
    }

    @Test
    void aReadThatWaitsHoldsUpNoOther() throws Exception {
        assertThat(mount.resolve("usr/bin/sha256sum")).hasSameBinaryContentAs(tree.resolve("usr/bin/sha256sum"));
        linux.mounts().unmount(mount);
        erofs(linux).mount(image.metadata(), directory.resolve("fuse/00ff"), mount);
        layer.hold();
        Process waiting = new ProcessBuilder("cat", mount.resolve("large").toString())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        await().until(() -> layer.waiting() > 0);

        Process other = new ProcessBuilder(
                        "cmp",
                        mount.resolve("usr/bin/sha256sum").toString(),
                        tree.resolve("usr/bin/sha256sum").toString())
                .start();

        assertThat(other.waitFor(1, MINUTES)).as("what is present is read").isTrue();
        assertThat(other.exitValue()).isZero();
        assertThat(waiting.isAlive()).isTrue();
        layer.release();
        assertThat(waiting.waitFor()).isZero();
    }

    @Test
    void readersGetAnErrorWhenTheConnectionCloses() throws Exception {
        layer.hold();
        List<Process> readers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            readers.add(new ProcessBuilder("cat", mount.resolve("large").toString())
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start());
        }
        await().until(() -> layer.waiting() > 0);

        backend.close();

        for (Process reader : readers) {
            assertThat(reader.getErrorStream().readAllBytes()).asString().contains("Input/output error");
            assertThat(reader.waitFor()).isEqualTo(1);
        }
    }

    @Test
    void twoMountsShareADevice() throws Exception {
        Path second = Files.createDirectory(directory.resolve("second"));
        erofs(linux).mount(image.metadata(), directory.resolve("fuse/00ff"), second);

        assertThat(second.resolve("large")).hasSameBinaryContentAs(mount.resolve("large"));
    }

    @Test
    void manyReadersAtRandomPlacesAllReadWhatIsThere() throws Exception {
        long seed = System.nanoTime();
        byte[] expected = Files.readAllBytes(tree.resolve("large"));
        ExecutorService executor = Executors.newFixedThreadPool(64);
        List<Future<Integer>> readers = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
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
