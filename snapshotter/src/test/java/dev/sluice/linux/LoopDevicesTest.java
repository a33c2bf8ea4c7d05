package dev.sluice.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.linux.LoopDevices.LoopDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoopDevicesTest {
    private static final int SIZE = 64 << 10;

    private final Linux linux = Linux.load();
    private final LoopDevices loopDevices = linux.loopDevices();

    @TempDir
    Path directory;

    @BeforeEach
    void needsLoopDevices() throws IOException {
        assumeTrue(linux.lstat(Path.of("/proc/self")).uid() == 0, "loop devices need root");
        assumeTrue(Files.exists(Path.of("/dev/loop-control")), "this kernel has no loop devices");
    }

    @Test
    void aDeviceHasTheBytesOfItsFileAndIsGivenBackWhenItIsClosed() throws IOException {
        Path file = file("f", 1);

        try (LoopDevice loop = loopDevices.attach(file)) {
            assertThat(Files.readAllBytes(loop.path())).isEqualTo(bytes(1));
            assertThat(LoopTable.under(directory)).containsExactly(Map.entry(file, loop.path()));
        }

        awaitNoDevices();
    }

    @Test
    void aFileThatIsNoWholeNumberOfPagesLosesOnlyItsLastPartOfASector() throws IOException {
        Path file = Files.write(directory.resolve("f"), Arrays.copyOf(bytes(1), SIZE - 4096 + 512 + 100));

        try (LoopDevice loop = loopDevices.attach(file)) {
            assertThat(Files.readAllBytes(loop.path())).isEqualTo(Arrays.copyOf(bytes(1), SIZE - 4096 + 512));
        }
    }

    @Test
    void nobodyCanWriteToIt() throws IOException {
        Path file = file("f", 1);

        try (LoopDevice loop = loopDevices.attach(file)) {
            assertThatThrownBy(() -> {
                        try (LinuxFile device = linux.open(loop.path(), OpenFlags.O_RDWR, 0)) {
                            device.write(ByteBuffer.allocateDirect(4096), 0);
                            device.fsync();
                        }
                    })
                    .isInstanceOf(LinuxException.class);
            assertThat(Path.of("/sys/block", loop.path().getFileName().toString(), "ro"))
                    .hasContent("1");
        }

        assertThat(file).hasBinaryContent(bytes(1));
    }

    @Test
    void aMountKeepsItAfterItIsClosed() throws Exception {
        MkfsErofs.assumeInstalled();
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Files.writeString(tree.resolve("hello"), "hello, loop");
        MkfsErofs image = MkfsErofs.build(tree, directory);
        Path target = Files.createDirectory(directory.resolve("mount"));

        try (LoopDevice metadata = loopDevices.attach(image.metadata());
                LoopDevice blob = loopDevices.attach(image.blob())) {
            linux.mounts().erofs(metadata.path(), List.of(blob.path()), target, List.of());
        }
        try {
            assertThat(target.resolve("hello")).hasContent("hello, loop");
            assertThat(LoopTable.under(directory)).containsOnlyKeys(image.metadata(), image.blob());
        } finally {
            linux.mounts().unmount(target);
        }

        awaitNoDevices();
    }

    @Test
    void aFileThatIsTruncatedMeanwhileIsAnError() throws IOException {
        for (int size : new int[] {0, 100, 8192 + 100, 8192}) {
            Path file = file("f" + size, 1);
            try (LoopDevice loop = loopDevices.attach(file);
                    LinuxFile open = linux.open(file, OpenFlags.O_RDWR, 0)) {
                assumeTrue(readsDirectly(loop), "the file system of " + directory + " has no direct reads");
                open.truncate(size);

                assertThatThrownBy(() -> Files.readAllBytes(loop.path()))
                        .as("truncated to %d bytes", size)
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("Input/output error");
            }
        }
    }

    @Test
    void aDeletedFileStaysReadable() throws IOException {
        Path file = file("f", 1);

        try (LoopDevice loop = loopDevices.attach(file)) {
            Files.delete(file);

            assertThat(Files.readAllBytes(loop.path())).isEqualTo(bytes(1));
        }
    }

    @Test
    void manyAtOnceGetDevicesOfTheirOwn() throws Exception {
        int threads = 8;
        int each = 6;
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        List<Future<List<LoopDevice>>> attaching = new ArrayList<>();
        List<LoopDevice> all = new ArrayList<>();
        try {
            for (int thread = 0; thread < threads; thread++) {
                int first = thread * each;
                Callable<List<LoopDevice>> attachSome = () -> {
                    List<LoopDevice> devices = new ArrayList<>();
                    for (int i = first; i < first + each; i++) {
                        devices.add(loopDevices.attach(file("f" + i, i)));
                    }
                    return devices;
                };
                attaching.add(executor.submit(attachSome));
            }
            for (Future<List<LoopDevice>> devices : attaching) {
                all.addAll(devices.get());
            }

            assertThat(all).extracting(LoopDevice::path).hasSize(threads * each).doesNotHaveDuplicates();
            for (int i = 0; i < all.size(); i++) {
                assertThat(Files.readAllBytes(all.get(i).path())).isEqualTo(bytes(i));
            }
        } finally {
            executor.shutdown();
            all.forEach(LoopDevice::close);
        }

        awaitNoDevices();
    }

    @Test
    void aMissingFileTakesNoDevice() throws IOException {
        Path missing = directory.resolve("missing");

        assertThatThrownBy(() -> loopDevices.attach(missing))
                .hasMessage("open " + missing + ": ENOENT (No such file or directory)")
                .asInstanceOf(type(LinuxException.class))
                .matches(e -> e.is(Errno.ENOENT));
        assertThat(LoopTable.under(directory)).isEmpty();
    }

    private static boolean readsDirectly(LoopDevice loop) throws IOException {
        return Files.readString(Path.of("/sys/block", loop.path().getFileName().toString(), "loop/dio"))
                .equals("1\n");
    }

    /** Others, such as udev, may have a device open for a moment. */
    private void awaitNoDevices() {
        await().untilAsserted(() -> assertThat(LoopTable.under(directory)).isEmpty());
    }

    private Path file(String name, int seed) throws IOException {
        return Files.write(directory.resolve(name), bytes(seed));
    }

    private static byte[] bytes(int seed) {
        byte[] bytes = new byte[SIZE];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
