package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.Poll;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.Digests;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.image.TarEntry;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.registry.Shape;
import dev.sluice.e2e.registry.ShapingProxy;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * With fanotify, the worst there is: daemon and keeper are both killed, and the kernel lets a container read zeros. The next daemon names
 * that container, and no other one ever sees them.
 */
class LostKeeperIT {
    private static final String VICTIM = "victim";
    private static final String IMAGE = "lost:estargz";
    private static final int ROUNDS = Machine.kills(5);
    private static final long SEED = Long.getLong("sluice.seed", System.nanoTime());
    private static final Shape LINK = new Shape(Duration.ofMillis(10), 8_000_000);
    private static final byte[] READ_WHILE_LOST = random(1);
    private static final byte[] READ_BEFORE = random(2);

    private final TestBed bed;

    LostKeeperIT() throws IOException {
        bed = Machine.newTestBed();
    }

    @BeforeEach
    void needs() throws IOException {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "ctr-remote", "python3");
        assumeTrue(Machine.backends().contains("fanotify"), "needs Linux 6.15 and ext4, xfs or btrfs");
    }

    @AfterEach
    void stop() throws IOException {
        bed.close();
    }

    @Test
    void whoeverMayHaveReadZerosIsNamedAndNobodyElseReadsThem() throws IOException {
        RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
        String plain = registry.address() + "/one:plain";
        String reference = registry.address() + "/one:estargz";
        Path layout = bed.directory("image");
        OciLayout.write(layout, "latest", layers());
        ImagePublisher.push(layout, "latest", plain);
        SluiceNode node = start(bed);
        Estargz.convert(node.client(), plain, reference);
        node.client().pullLazily(reference, SluiceProcess.NAME);
        start(node, reference, VICTIM);
        assertThat(sum(node, VICTIM, "/cold/before")).isEqualTo(Digests.sha256(READ_BEFORE));

        node.sluice().kill();
        node.sluice().endKeeper();
        // This is why nothing of ours ever does that.
        assertThat(sum(node, VICTIM, "/cold/lost")).isEqualTo(Digests.sha256(new byte[READ_WHILE_LOST.length]));
        node.sluice().restart();
        node.awaitSnapshotter();

        assertNamed(node.sluice().status().path("tainted"), VICTIM);
        assertThat(Files.readString(node.sluice().log()))
                .contains("start again what runs in")
                .contains(VICTIM + "/rootfs");
        start(node, reference, "new");
        assertThat(sum(node, "new", "/cold/lost")).isEqualTo(Digests.sha256(READ_WHILE_LOST));
        assertThat(sum(node, "new", "/cold/before")).isEqualTo(Digests.sha256(READ_BEFORE));

        node.client().command("tasks", "rm", "--force", VICTIM).run();
        assertThat(node.sluice().status().path("tainted")).isEmpty();
    }

    /** How often: the environment variable {@code SLUICE_KILLS}. */
    @TestFactory
    Stream<DynamicTest> nobodyElseReadsZerosWhateverTheMomentWas() throws IOException {
        RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
        ColdFiles files = ColdFiles.push(bed, registry.address() + "/" + IMAGE);
        return Stream.iterate(SEED, seed -> new Random(seed).nextLong())
                .limit(ROUNDS)
                .map(seed -> dynamicTest("seed " + seed, () -> lost(new Random(seed), registry, files)));
    }

    private void lost(Random random, RegistryProcess registry, ColdFiles files) throws IOException {
        int readBefore = random.nextInt(ColdFiles.COUNT - ChecksumContainer.READERS);
        try (TestBed round = bed.nested()) {
            ShapingProxy proxy = round.add(ShapingProxy.start(registry.port(), LINK));
            String reference = proxy.address() + "/" + IMAGE;
            SluiceNode node = start(round);
            node.client().pullLazily(reference, SluiceProcess.NAME);
            ChecksumContainer victim = new ChecksumContainer(round, node, reference, VICTIM);
            CompletableFuture<Command.Result> reading = victim.startAndStay(files.paths());
            assertThat(Poll.until(Duration.ofMinutes(1), () -> victim.isRunning() && victim.lines() >= readBefore))
                    .as("reads before the kill")
                    .isTrue();
            node.sluice().kill();
            node.sluice().endKeeper();
            node.sluice().restart();
            node.awaitSnapshotter();

            assertNamed(node.sluice().status().path("tainted"), victim.id());
            ChecksumContainer next = new ChecksumContainer(round, node, reference, "next");
            Command.Result readAll = ChecksumContainer.join(next.start(files.paths()));
            assertThat(next.read()).as(readAll.stderr()).isEqualTo(files.digests());

            node.client()
                    .command("tasks", "kill", "--signal", "SIGKILL", victim.id())
                    .run();
            Command.Result unused = ChecksumContainer.join(reading);
            assertThat(Poll.until(
                            Duration.ofMinutes(1),
                            () -> node.sluice().status().path("tainted").isEmpty()))
                    .as("nobody is left to be named")
                    .isTrue();
        }
    }

    private static void assertNamed(JsonNode tainted, String container) {
        assertThat(tainted).isNotEmpty();
        for (JsonNode mount : tainted) {
            assertThat(mount.path("directory").asText()).endsWith("/" + container + "/rootfs");
        }
    }

    private static List<List<TarEntry>> layers() {
        return List.of(List.of(
                TarEntry.directory("usr"),
                TarEntry.directory("cold"),
                TarEntry.file("cold/before", READ_BEFORE),
                // The kernel reads ahead of a file's end, but not so far.
                TarEntry.file("cold/between", new byte[1 << 20]),
                TarEntry.file("cold/lost", READ_WHILE_LOST),
                TarEntry.symlink("bin", "usr/bin"),
                TarEntry.symlink("lib", "usr/lib"),
                TarEntry.symlink("lib64", "usr/lib64")));
    }

    private static byte[] random(int seed) {
        byte[] bytes = new byte[256 << 10];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static SluiceNode start(TestBed bed) throws IOException {
        return SluiceNode.start(
                bed,
                Machine.installedContainerd(),
                ContainerdConfig.PLAIN,
                Machine.distribution(),
                "fanotify",
                SluiceProcess.Settings.PATIENT + "prefetch = false\nfill = { read_ahead_max = \"0B\" }\n");
    }

    private static void start(SluiceNode node, String reference, String id) throws IOException {
        node.client()
                .command("run", "--detach", "--snapshotter", SluiceProcess.NAME)
                .withArguments(List.of("--mount", "type=bind,src=/usr,dst=/usr,options=rbind:ro"))
                .withArguments(List.of(reference, id, "sleep", "infinity"))
                .run();
    }

    private static String sum(SluiceNode node, String id, String file) throws IOException {
        return node.client()
                .command("tasks", "exec", "--exec-id", "e" + System.nanoTime(), id, "sha256sum", file)
                .run()
                .stdout()
                .substring(0, 64);
    }
}
