package dev.sluice.erofs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.linux.Linux;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The kernel of this machine, and fsck.erofs where it is installed, judge what the writer makes. */
class ErofsKernelTest extends ErofsContract {
    private static final Linux LINUX = Linux.load();

    @BeforeAll
    static void canMount() throws Exception {
        ErofsMount.assumePossible(LINUX);
    }

    @Override
    List<String> dump(Path image, Path data) throws Exception {
        checkWithFsck(image, data);
        try (ErofsMount mount = ErofsMount.of(LINUX, image, data, temporary.resolve("mnt"))) {
            return mount.dump();
        }
    }

    @Test
    void contentsAtTheFarEndOfALargeSparseFile() throws Exception {
        long size = 5L << 30;
        TestTree tree = new TestTree().directory("").file("sparse", PLAIN, size);
        compare(tree);
        byte[] bytes = "the end".getBytes(StandardCharsets.US_ASCII);
        try (RandomAccessFile device = new RandomAccessFile(data().toFile(), "rw")) {
            device.seek(size - bytes.length);
            device.write(bytes);
        }
        try (ErofsMount mount = ErofsMount.of(LINUX, image(), data(), temporary.resolve("sparse"));
                RandomAccessFile file =
                        new RandomAccessFile(mount.directory().resolve("sparse").toFile(), "r")) {
            byte[] read = new byte[bytes.length];
            file.seek(size - read.length);
            file.readFully(read);
            assertThat(read).isEqualTo(bytes);
            file.seek(1L << 31);
            assertThat(file.read()).isZero();
        }
    }

    @Test
    void aFileOfTwoChunks() throws Exception {
        // Longer than the 8 TiB of one chunk.
        long size = (1L << 43) + 3 * OnDisk.BLOCK + 5;
        TestTree tree = new TestTree().directory("").file("two-chunks", PLAIN, size, 7 * OnDisk.BLOCK);
        tree.write(image());
        assumeTrue(canMakeSparseDevice(tree), "the temporary file system has no files of 8 TiB");
        byte[] bytes = "second chunk".getBytes(StandardCharsets.US_ASCII);
        try (RandomAccessFile device = new RandomAccessFile(data().toFile(), "rw")) {
            device.seek((1L << 43) + 7 * OnDisk.BLOCK);
            device.write(bytes);
        }
        checkWithFsck(image(), data());
        try (ErofsMount mount = ErofsMount.of(LINUX, image(), data(), temporary.resolve("chunks"));
                RandomAccessFile file = new RandomAccessFile(
                        mount.directory().resolve("two-chunks").toFile(), "r")) {
            byte[] read = new byte[bytes.length];
            file.seek(1L << 43);
            file.readFully(read);
            assertThat(read).isEqualTo(bytes);
            assertThat(file.length()).isEqualTo(size);
        }
    }

    @Test
    void withoutItsDeviceAFileGivesAnErrorAndNoMetadata() throws Exception {
        TestTree tree = new TestTree().directory("").file("file", PLAIN, 4096);
        tree.write(image());
        try (ErofsMount mount = ErofsMount.of(LINUX, image(), List.of(), temporary.resolve("mnt"))) {
            assertThatThrownBy(() -> Files.readAllBytes(mount.directory().resolve("file")))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void overlayfsHonoursWhiteoutsAndOpaqueDirectories() throws Exception {
        new TestTree()
                .directory("")
                .directory("kept")
                .fifo("kept/below", PLAIN)
                .directory("hidden")
                .fifo("hidden/below", PLAIN)
                .fifo("gone", PLAIN)
                .write(temporary.resolve("lower.erofs"));
        new TestTree()
                .directory("")
                .directory("kept")
                .fifo("kept/above", PLAIN)
                .directory("hidden", withXattrs(Map.of("trusted.overlay.opaque", new byte[] {'y'})))
                .fifo("hidden/above", PLAIN)
                .device("gone", PLAIN, false, 0, 0)
                .write(temporary.resolve("upper.erofs"));
        Files.createFile(data());
        try (ErofsMount low = ErofsMount.of(LINUX, temporary.resolve("lower.erofs"), data(), temporary.resolve("l"));
                ErofsMount high =
                        ErofsMount.of(LINUX, temporary.resolve("upper.erofs"), data(), temporary.resolve("u"));
                ErofsMount overlay =
                        ErofsMount.overlay(LINUX, List.of(high.directory(), low.directory()), temporary.resolve("o"))) {
            assertThat(overlay.directory().toFile().list()).containsExactlyInAnyOrder("kept", "hidden");
            assertThat(overlay.directory().resolve("kept").toFile().list()).containsExactlyInAnyOrder("above", "below");
            assertThat(overlay.directory().resolve("hidden").toFile().list()).containsExactly("above");
        }
    }

    @Test
    void namesThatAreNotThereAreNotFound() throws Exception {
        TestTree tree = new TestTree().directory("").directory("d");
        for (int i = 0; i < 5000; i++) {
            tree.fifo("d/" + Integer.toString(i, 36), PLAIN);
        }
        tree.write(image());
        tree.writeDevice(data());
        try (ErofsMount mount = ErofsMount.of(LINUX, image(), data(), temporary.resolve("mnt"))) {
            for (int i = 0; i < 5000; i++) {
                String name = Integer.toString(i, 36);
                assertThat(mount.directory().resolve("d/" + name)).exists();
                assertThat(Files.notExists(mount.directory().resolve("d/" + name + "-")))
                        .isTrue();
                assertThat(Files.notExists(mount.directory().resolve("d/" + name + "~")))
                        .isTrue();
            }
        }
    }

    @Test
    void hardLinksHaveOneInodeNumber() throws Exception {
        TestTree tree = new TestTree().directory("").fifo("a", PLAIN).hardLink("b", "a");
        tree.write(image());
        tree.writeDevice(data());
        try (ErofsMount mount = ErofsMount.of(LINUX, image(), data(), temporary.resolve("mnt"))) {
            Object inode = Files.getAttribute(mount.directory().resolve("a"), "unix:ino");
            assertThat(Files.getAttribute(mount.directory().resolve("b"), "unix:ino"))
                    .isEqualTo(inode);
        }
    }

    private static void checkWithFsck(Path image, Path data) throws Exception {
        if (Tool.exists("fsck.erofs")) {
            Tool.run("fsck.erofs", "--device=" + data, image.toString());
        }
    }
}
