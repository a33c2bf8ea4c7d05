package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.e2e.host.PageCache;
import dev.sluice.e2e.host.ServiceProcess;
import dev.sluice.e2e.host.SmallFileSystem;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.image.TarEntry;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.ContainerdProcess;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The disk that keeps what was fetched is full: reads fail, or give the right bytes, and go on when there is room again. */
class DiskFullIT {
    private static final int MEBIBYTE = 1 << 20;
    private static final int PIECE = 64 << 10;
    private static final byte[] CONTENTS = random(12 * MEBIBYTE + 1);

    private final TestBed bed;
    private final RegistryProcess registry;
    private final SmallFileSystem disk;
    private final String reference;
    private final Path directory;

    DiskFullIT() throws IOException {
        bed = Machine.newTestBed();
        registry = bed.add(RegistryProcess.start(bed.directory("r")));
        reference = registry.address() + "/large:estargz";
        directory = bed.directory("mnt");
        disk = bed.add(SmallFileSystem.mount(bed.directory().resolve("disk"), bed.directory("root"), 48L * MEBIBYTE));
        Path layout = bed.directory("image");
        OciLayout.write(layout, "latest", List.of(List.of(TarEntry.file("file", CONTENTS))));
        String plain = registry.address() + "/large:plain";
        ImagePublisher.push(layout, "latest", plain);
        try (ContainerdProcess ordinary =
                ContainerdProcess.start(bed.directory("o"), Machine.installedContainerd(), ContainerdConfig.PLAIN)) {
            Estargz.convert(ordinary.client(), plain, reference);
        }
    }

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "ctr-remote", "mkfs.ext4");
        Machine.assumeLoopDevices();
    }

    @AfterEach
    void stop() throws IOException {
        bed.close();
    }

    @Test
    void aReadThatCannotBeStoredFailsAndGivesTheRightBytesOnceThereIsRoom() throws IOException {
        ServiceProcess process = mount();
        disk.fill(0);

        assertThatThrownBy(() -> Files.readAllBytes(file()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("Input/output error");
        assertThat(process.isAlive()).isTrue();
        assertThat(Files.readString(process.log())).contains("No space left on device");

        disk.empty();
        assertThat(file()).hasBinaryContent(CONTENTS);
        assertTheDiskHasItAll();
    }

    @Test
    void whileTheDiskFillsUpEachReadGivesTheRightBytesOrFails() throws IOException {
        ServiceProcess process = mount();
        disk.fill(6 * MEBIBYTE);

        assertThat(failures()).as("of " + CONTENTS.length / PIECE).isPositive();
        assertThat(process.isAlive()).isTrue();

        disk.empty();
        assertThat(failures()).isZero();
        assertTheDiskHasItAll();
    }

    /** Reads piece by piece; a wrong one is not a failure but the end of the test. */
    private int failures() throws IOException {
        int failures = 0;
        byte[] piece = new byte[PIECE];
        for (int at = 0; at < CONTENTS.length; at += PIECE) {
            int length = Math.min(PIECE, CONTENTS.length - at);
            try (RandomAccessFile opened = new RandomAccessFile(file().toFile(), "r")) {
                opened.seek(at);
                opened.readFully(piece, 0, length);
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("Input/output error");
                failures++;
                continue;
            }
            assertThat(Arrays.equals(piece, 0, length, CONTENTS, at, at + length))
                    .as("bytes at " + at)
                    .isTrue();
        }
        return failures;
    }

    /** What the page cache has forgotten comes without the registry. */
    private void assertTheDiskHasItAll() throws IOException {
        registry.close();
        PageCache.drop();
        assertThat(file()).hasBinaryContent(CONTENTS);
    }

    private Path file() {
        return directory.resolve("file");
    }

    private ServiceProcess mount() throws IOException {
        Path log = bed.directory().resolve("log");
        ServiceProcess process = bed.add(ServiceProcess.start(
                "sluice mount",
                List.of(
                        Machine.distribution().resolve("bin/sluice").toString(),
                        "mount",
                        "--root",
                        disk.mountPoint().toString(),
                        "--admin",
                        bed.directory().resolve("none").toString(),
                        reference,
                        directory.toString()),
                Map.of(),
                log));
        process.awaitReady(() -> Files.readString(log).contains(directory + " and served by this process"));
        return process;
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(20).nextBytes(bytes);
        return bytes;
    }
}
