package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.Fscache;
import dev.sluice.e2e.host.PageCache;
import dev.sluice.e2e.host.Poll;
import dev.sluice.e2e.host.SmallFileSystem;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.image.TarEntry;
import dev.sluice.e2e.registry.AccessLog;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.MountedView;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** The kernel's cache outlives mounts, gives way when its disk is full, and never a wrong byte. Needs a kernel that can: {@code e2e/vm test}. */
@TestInstance(Lifecycle.PER_CLASS)
class CachefilesDiskIT {
    private static final int MEBIBYTE = 1 << 20;
    private static final byte[] OF_X = random(8 * MEBIBYTE + 1);
    static final byte[] OF_Y = random(8 * MEBIBYTE + 2);
    private static final byte[] OF_Z = random(8 * MEBIBYTE + 3);
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final TestBed bed;
    private final RegistryProcess registry;
    private final SmallFileSystem disk;
    private final SluiceNode node;

    CachefilesDiskIT() throws IOException {
        needs();
        bed = Machine.newTestBed();
        registry = bed.add(RegistryProcess.start(bed.directory("r")));
        push("x", OF_X);
        push("y", OF_Y);
        push("z", OF_Z);
        disk = bed.add(SmallFileSystem.mount(bed.directory().resolve("disk"), bed.directory("cache"), 64L * MEBIBYTE));
        node = SluiceNode.start(
                bed,
                Machine.installedContainerd(),
                ContainerdConfig.PLAIN,
                Machine.distribution(),
                "cachefiles",
                SluiceProcess.Settings.PATIENT + "prefetch = false\nkeeper = \"none\"\ncachefiles = { directory = \""
                        + disk.mountPoint() + "\", run = 40, cull = 30, stop = 10 }\n");
        for (String image : List.of("x", "y", "z")) {
            node.client().pullLazily(reference(image), SluiceProcess.NAME);
        }
    }

    private static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "ctr-remote", "mkfs.ext4");
        assumeTrue(Fscache.isThere(), "needs a kernel with cachefiles on demand: e2e/vm test --kernel cachefiles");
    }

    @AfterAll
    void stop() throws IOException {
        bed.close();
    }

    static void makeImages(TestBed bed) throws IOException {
        for (Path made : List.of(build(bed, "x", OF_X), build(bed, "y", OF_Y), build(bed, "z", OF_Z))) {
            assertThat(made).exists();
        }
    }

    @Test
    void whatWasCachedIsNotFetchedAgainByTheNextMount() throws IOException {
        try (MountedView view = view("x", "first")) {
            assertThat(view.target().resolve("file")).hasBinaryContent(OF_X);
        }
        restart();
        AccessLog before = registry.accessLog();

        try (MountedView view = view("x", "second")) {
            assertThat(view.target().resolve("file")).hasBinaryContent(OF_X);
        }

        String layer = RemoteManifest.fetch(reference("x"))
                .layers()
                .get(0)
                .path("digest")
                .asText();
        assertThat(registry.accessLog().since(before).bytesByDigest()).doesNotContainKey(layer);
    }

    @Test
    void whatNobodyUsesGivesWayWhileOthersRead() throws IOException {
        try (MountedView view = view("x", "x1")) {
            assertThat(view.target().resolve("file")).hasBinaryContent(OF_X);
        }
        restart();
        assertThat(wholeObjects()).isEqualTo(1);

        try (MountedView y = view("y", "y")) {
            disk.fill(24L * MEBIBYTE);
            assertThat(y.target().resolve("file")).hasBinaryContent(OF_Y);
            assertThat(Poll.until(PATIENCE, () -> wholeObjects() == 1))
                    .as("y is there and x is not: "
                            + Files.readString(node.sluice().log()))
                    .isTrue();
            PageCache.drop();
            assertThat(y.target().resolve("file")).hasBinaryContent(OF_Y);
        }
        disk.empty();
        try (MountedView x = view("x", "x2")) {
            assertThat(x.target().resolve("file")).hasBinaryContent(OF_X);
        }
    }

    @Test
    void aReadThatCannotBeCachedFailsAndGivesTheRightBytesOnceThereIsRoom() throws IOException {
        // No other test reads this image: a page that the kernel has is read from a full cache, too.
        try (MountedView z = view("z", "full")) {
            disk.fill(0);

            assertThatThrownBy(() -> Files.readAllBytes(z.target().resolve("file")))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Input/output error");
            assertThat(Files.readString(node.sluice().log())).contains("nearly full");

            disk.empty();
            assertThat(z.target().resolve("file")).hasBinaryContent(OF_Z);
        }
    }

    /** How many objects have a name and take as much room as a whole file. */
    private long wholeObjects() throws IOException {
        return Command.of("find", disk.mountPoint().toString(), "-name", "D*", "-printf", "%b\n")
                .run()
                .stdout()
                .lines()
                .filter(blocks -> Long.parseLong(blocks) * 512 >= 8 * MEBIBYTE)
                .count();
    }

    private void restart() throws IOException {
        node.sluice().stop();
        node.sluice().restart();
        node.awaitSnapshotter();
        PageCache.drop();
    }

    private MountedView view(String image, String name) throws IOException {
        return node.client()
                .view(SluiceProcess.NAME, RemoteManifest.fetch(reference(image)).chainId(), bed.directory(name));
    }

    private String reference(String image) {
        return registry.address() + "/" + image + ":" + DebianImage.TAG;
    }

    private void push(String image, byte[] contents) throws IOException {
        ImagePublisher.push(build(bed, image, contents), DebianImage.TAG, reference(image));
    }

    static Path build(TestBed bed, String image, byte[] contents) throws IOException {
        return Estargz.build(
                "cachefiles-" + image, List.of(List.of(TarEntry.file("file", contents))), bed.directory("i-" + image));
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
