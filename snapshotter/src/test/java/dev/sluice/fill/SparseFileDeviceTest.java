package dev.sluice.fill;

import static dev.sluice.fill.DataDevice.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.linux.Linux;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SparseFileDeviceTest {
    private static final Linux LINUX = Linux.load();
    private static final int PAGES = 1000;
    private static final BootId BOOT = new BootId(new UUID(1, 2));
    private static final BootId NEXT_BOOT = new BootId(new UUID(3, 4));
    private static final int SLOT_0 = 4096;
    private static final int SLOT_1 = 3 * 4096;

    @TempDir
    Path directory;

    private Path data;
    private Path present;

    @BeforeEach
    void names() {
        data = directory.resolve("data");
        present = directory.resolve("present");
    }

    @Test
    void isAbsentAtFirst() throws IOException {
        try (SparseFileDevice device = open(BOOT)) {
            assertThat(device.isPresent(0, 1)).isFalse();
            assertThat(device.isPresent(5, 0)).isTrue();
            assertThat(device.firstAbsent(PAGE + 1)).isEqualTo(PAGE);
            assertThat(device.presentBytes()).isZero();
            assertThatThrownBy(() -> Pages.read(device, 0, 1)).hasMessageContaining("absent");
        }
    }

    @Test
    void hasWhatWasWritten() throws IOException {
        try (SparseFileDevice device = open(BOOT)) {
            ByteBuffer pages = Pages.random(3, 1);
            device.write(2 * PAGE, pages.duplicate());

            assertThat(device.isPresent(2 * PAGE, 3 * PAGE)).isTrue();
            assertThat(device.isPresent(2 * PAGE - 1, 2)).isFalse();
            assertThat(device.isPresent(5 * PAGE - 1, 2)).isFalse();
            assertThat(device.firstAbsent(2 * PAGE)).isEqualTo(5 * PAGE);
            assertThat(device.presentBytes()).isEqualTo(3 * PAGE);
            assertThat(Pages.read(device, 2 * PAGE + 10, 100)).isEqualTo(pages.slice(10, 100));
        }
    }

    @Test
    void takesOnlyWholePages() throws IOException {
        try (SparseFileDevice device = open(BOOT)) {
            assertThatThrownBy(() -> device.write(1, ByteBuffer.allocate(PAGE)))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> device.write(0, ByteBuffer.allocate(PAGE - 1)))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> device.write(PAGES * PAGE, ByteBuffer.allocate(PAGE)))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void aCrashOfTheProcessCostsNothing() throws IOException {
        SparseFileDevice crashed = open(BOOT);
        ByteBuffer pages = Pages.random(2, 1);
        crashed.write(0, pages.duplicate());

        try (SparseFileDevice device = open(BOOT)) {
            assertThat(device.presentBytes()).isEqualTo(2 * PAGE);
            assertThat(Pages.read(device, 0, 2 * PAGE)).isEqualTo(pages);
        }
    }

    @Test
    void aCrashOfTheMachineCostsWhatWasNotSynced() throws IOException {
        SparseFileDevice crashed = open(BOOT);
        crashed.write(0, Pages.random(2, 1));
        crashed.sync();
        crashed.write(7 * PAGE, Pages.random(1, 2));

        try (SparseFileDevice device = open(NEXT_BOOT)) {
            assertThat(device.isPresent(0, 2 * PAGE)).isTrue();
            assertThat(device.presentBytes()).isEqualTo(2 * PAGE);
        }
    }

    @Test
    void whatACrashedProcessLeftIsSyncedByTheNext() throws IOException {
        open(BOOT).write(0, Pages.random(1, 1));
        open(BOOT).sync();

        try (SparseFileDevice device = open(NEXT_BOOT)) {
            assertThat(device.presentBytes()).isEqualTo(PAGE);
        }
    }

    @Test
    void closingSyncs() throws IOException {
        try (SparseFileDevice device = open(BOOT)) {
            device.write(0, Pages.random(1, 1));
        }
        try (SparseFileDevice device = open(NEXT_BOOT)) {
            assertThat(device.presentBytes()).isEqualTo(PAGE);
        }
    }

    @Test
    void aTornCheckpointLeavesTheOneBefore() throws IOException {
        SparseFileDevice crashed = open(BOOT);
        crashed.write(0, Pages.random(1, 1));
        crashed.sync();
        crashed.write(PAGE, Pages.random(1, 2));
        crashed.sync();
        int newest = generation(SLOT_0) > generation(SLOT_1) ? SLOT_0 : SLOT_1;
        flip(present, newest + 4096 + 100);

        try (SparseFileDevice device = open(NEXT_BOOT)) {
            assertThat(device.isPresent(0, PAGE)).isTrue();
            assertThat(device.presentBytes()).isEqualTo(PAGE);
        }
    }

    @Test
    void nothingIsPresentIfBothCheckpointsAreCorrupt() throws IOException {
        try (SparseFileDevice device = open(BOOT)) {
            device.write(0, Pages.random(1, 1));
        }
        flip(present, SLOT_0);
        flip(present, SLOT_1);

        try (SparseFileDevice device = open(NEXT_BOOT)) {
            assertThat(device.presentBytes()).isZero();
            device.write(PAGE, Pages.random(1, 1));
        }
        try (SparseFileDevice device = open(BOOT)) {
            assertThat(device.presentBytes()).isEqualTo(PAGE);
        }
    }

    @Test
    void nothingIsPresentIfTheEvidenceIsCorrupt() throws IOException {
        try (SparseFileDevice device = open(BOOT)) {
            device.write(0, Pages.random(1, 1));
        }
        flip(present, 17);

        try (SparseFileDevice device = open(BOOT)) {
            assertThat(device.presentBytes()).isZero();
        }
    }

    @Test
    void nothingIsPresentIfTheEvidenceIsCutOff() throws IOException {
        try (SparseFileDevice device = open(BOOT)) {
            device.write(0, Pages.random(1, 1));
        }
        try (FileChannel channel = FileChannel.open(present, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() - 1);
        }
        try (SparseFileDevice device = open(BOOT)) {
            assertThat(device.presentBytes()).isZero();
        }
    }

    @Test
    void evidenceOfAnUnknownVersionIsRefused() throws IOException {
        open(BOOT).close();
        flip(present, 8);

        assertThatThrownBy(() -> open(BOOT)).isInstanceOf(IOException.class).hasMessageContaining("version");
    }

    @Test
    void evidenceSpeaksOnlyForItsOwnData() throws IOException {
        try (SparseFileDevice device = open(BOOT)) {
            device.write(0, Pages.random(1, 1));
        }
        Files.delete(data);
        SparseFileDevice crashed = open(BOOT);
        assertThat(crashed.presentBytes()).isZero();
        assertThat(Files.size(data)).isEqualTo((long) PAGES * PAGE);

        try (SparseFileDevice device = open(NEXT_BOOT)) {
            assertThat(device.presentBytes()).isZero();
        }
    }

    @Test
    void forgottenPagesAreAbsentForEverybody() throws IOException {
        SparseFileDevice crashed = open(BOOT);
        crashed.write(0, Pages.random(4, 1));
        crashed.sync();
        crashed.forget(PAGE, 2 * PAGE);
        assertThat(crashed.isPresent(PAGE, 1)).isFalse();
        assertThat(crashed.presentBytes()).isEqualTo(2 * PAGE);

        try (SparseFileDevice device = open(NEXT_BOOT)) {
            assertThat(device.presentBytes()).isEqualTo(2 * PAGE);
            assertThat(device.isPresent(PAGE, 2 * PAGE)).isFalse();
        }
    }

    @Test
    void noOlderCheckpointRemembersForgottenPages() throws IOException {
        SparseFileDevice crashed = open(BOOT);
        crashed.write(0, Pages.random(4, 1));
        crashed.sync();
        crashed.forget(PAGE, 2 * PAGE);
        flip(present, generation(SLOT_0) > generation(SLOT_1) ? SLOT_0 : SLOT_1);

        try (SparseFileDevice device = open(NEXT_BOOT)) {
            assertThat(device.presentBytes()).isEqualTo(2 * PAGE);
            assertThat(device.isPresent(PAGE, 2 * PAGE)).isFalse();
        }
    }

    @Test
    void forgettingGivesSpaceBack() throws IOException {
        try (SparseFileDevice device = open(BOOT)) {
            device.write(0, Pages.random(64, 1));
            device.sync();
            long before = blocks();
            device.forget(0, 64 * PAGE);

            assertThat(blocks()).isLessThan(before);
            assertThat(Files.size(data)).isEqualTo((long) PAGES * PAGE);
        }
    }

    @Test
    void aFullDiskLeavesNothingPresent() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "skipped: mounting a tmpfs takes root");
        run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", directory.toString());
        try {
            try (SparseFileDevice device = open(BOOT)) {
                assertThatThrownBy(() -> device.write(0, Pages.random(100, 1))).isInstanceOf(IOException.class);
                assertThat(device.presentBytes()).isZero();

                // The failed write took the space of this page already.
                device.write(0, Pages.random(1, 2));
                assertThat(device.presentBytes()).isEqualTo(PAGE);
            }
            try (SparseFileDevice device = open(NEXT_BOOT)) {
                assertThat(device.presentBytes()).isEqualTo(PAGE);
            }
        } finally {
            run("umount", "-l", directory.toString());
        }
    }

    @Test
    void anEmptyDeviceIsComplete() throws IOException {
        try (SparseFileDevice device = SparseFileDevice.open(LINUX, data, present, 0, BOOT)) {
            assertThat(device.isPresent(0, 0)).isTrue();
            assertThat(device.firstAbsent(0)).isZero();
        }
    }

    @Test
    void theKernelTellsItsBoot() throws IOException {
        assertThat(BootId.current()).isEqualTo(BootId.current());
    }

    private SparseFileDevice open(BootId boot) throws IOException {
        return SparseFileDevice.open(LINUX, data, present, (long) PAGES * PAGE, boot);
    }

    private static void run(String... command) throws IOException {
        try {
            assertThat(new ProcessBuilder(command).inheritIO().start().waitFor())
                    .isZero();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private long blocks() throws IOException {
        Process stat = new ProcessBuilder("stat", "--format=%b", data.toString()).start();
        try (InputStream out = stat.getInputStream()) {
            return Long.parseLong(new String(out.readAllBytes(), StandardCharsets.US_ASCII).strip());
        }
    }

    private long generation(int slot) throws IOException {
        try (FileChannel channel = FileChannel.open(present, StandardOpenOption.READ)) {
            ByteBuffer generation = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            channel.read(generation, slot);
            return generation.getLong(0);
        }
    }

    private static void flip(Path file, int at) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, at);
            one.put(0, (byte) ~one.get(0)).flip();
            channel.write(one, at);
        }
    }
}
