package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.e2e.host.PageCache;
import dev.sluice.e2e.host.SmallFileSystem;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.registry.AccessLog;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Fanotify on the other file systems that the root directory may lie on: what holds on ext4 holds there. */
class FileSystemsIT {
    private static final long BYTES = 1L << 30;

    private final TestBed bed;

    FileSystemsIT() throws IOException {
        bed = Machine.newTestBed();
    }

    @BeforeEach
    void needs() throws IOException {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "ctr-remote", "python3");
        Machine.assumeLoopDevices();
        assumeTrue(Machine.backends().contains("fanotify"), "needs Linux 6.15");
    }

    @AfterEach
    void stop() throws IOException {
        bed.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"xfs", "btrfs"})
    void aContainerReadsLazilyAcrossARestartAndIsAloneInTheEnd(String type) throws IOException {
        Machine.assumeFileSystem(type);
        Machine.assumePrograms("mkfs." + type);
        RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
        ReaderImage image = ReaderImage.make(bed);
        String reference = image.push(registry.address());
        SmallFileSystem disk =
                bed.add(SmallFileSystem.mount(type, bed.directory().resolve("disk"), bed.directory("s/root"), BYTES));
        assertThat(Files.getFileStore(disk.mountPoint()).type()).isEqualTo(type);
        SluiceNode node = SluiceNode.start(
                bed,
                Machine.installedContainerd(),
                ContainerdConfig.PLAIN,
                Machine.distribution(),
                "fanotify",
                SluiceProcess.Settings.PATIENT + "prefetch = false\nfill = { read_ahead_max = \"0B\" }\n");
        AccessLog before = registry.accessLog();

        node.client().pullLazily(reference, SluiceProcess.NAME);
        ReaderContainer container = ReaderContainer.start(bed, node, reference, "reader");
        image.assertRight(container, "mmap");

        Map<String, Long> fetched = registry.accessLog().since(before).bytesByDigest();
        assertThat(fetched.values().stream().filter(bytes -> bytes > 1 << 20))
                .as("layers of which more than a table of contents was fetched: " + fetched)
                .hasSize(1);
        assertThat(CompleteLayers.marked(node)).hasSizeGreaterThanOrEqualTo(ReaderImage.layers() - 1);

        node.sluice().kill();
        node.sluice().restart();
        PageCache.drop();
        image.assertAllRight(container);

        CompleteLayers.awaitThem(node);
        CompleteLayers.endAllElse(node, registry);
        image.assertAllRight(container);
    }
}
