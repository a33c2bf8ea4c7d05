package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.e2e.host.Fscache;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.MountedView;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the kernel has cached is there after a reboot. One test for each boot, both with the same disk: {@code e2e/vm test --disk}. */
class CachefilesRebootIT {
    private static final Path DIRECTORY = Path.of("/var/tmp/boot");
    private static final int READ = 2 << 20;
    /** In another chunk, which nobody has asked for. */
    private static final int UNREAD = 7 << 20;

    private static final String SETTINGS = SluiceProcess.Settings.PATIENT + """
            prefetch = false
            keeper = "none"
            fill = { read_ahead_max = "0B" }
            registry = { patience = "0s", deadline = "5s", retries = 0 }
            """;

    private final TestBed bed;
    private final Path chainId;

    CachefilesRebootIT() throws IOException {
        bed = TestBed.keeping(DIRECTORY);
        chainId = bed.directory().resolve("chain-id");
    }

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "ctr-remote");
        assumeTrue(Fscache.isThere(), "needs a kernel with cachefiles on demand: e2e/vm test --kernel cachefiles");
    }

    @AfterEach
    void stop() throws IOException {
        bed.close();
    }

    @Test
    void atFirstThereIsARegistry() throws IOException {
        assumeTrue(Files.notExists(chainId), "this is not the first boot with this disk");
        RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
        String reference = registry.address() + "/y:" + DebianImage.TAG;
        ImagePublisher.push(CachefilesDiskIT.build(bed, "y", CachefilesDiskIT.OF_Y), DebianImage.TAG, reference);
        SluiceNode node = start();
        node.client().pullLazily(reference, SluiceProcess.NAME);
        Files.writeString(chainId, RemoteManifest.fetch(reference).chainId());

        try (MountedView view = view(node, "v1")) {
            assertThat(rightAt(view, 0)).isTrue();
        }
    }

    @Test
    void thenThereIsNone() throws IOException {
        assumeTrue(Files.exists(chainId), "this is the first boot with this disk");
        SluiceNode node = start();

        try (MountedView view = view(node, "v2")) {
            assertThat(rightAt(view, 0)).isTrue();
            assertThatThrownBy(() -> rightAt(view, UNREAD))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Input/output error");
        }
    }

    private SluiceNode start() throws IOException {
        return SluiceNode.start(
                bed,
                Machine.installedContainerd(),
                ContainerdConfig.PLAIN,
                Machine.distribution(),
                "cachefiles",
                SETTINGS);
    }

    private MountedView view(SluiceNode node, String name) throws IOException {
        return node.client().view(SluiceProcess.NAME, Files.readString(chainId), bed.directory(name));
    }

    private static boolean rightAt(MountedView view, int offset) throws IOException {
        int length = Math.min(READ, CachefilesDiskIT.OF_Y.length - offset);
        byte[] bytes = new byte[length];
        try (RandomAccessFile file =
                new RandomAccessFile(view.target().resolve("file").toFile(), "r")) {
            file.seek(offset);
            file.readFully(bytes);
        }
        return Arrays.equals(bytes, 0, length, CachefilesDiskIT.OF_Y, offset, offset + length);
    }
}
