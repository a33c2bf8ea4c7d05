package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.PageCache;
import dev.sluice.e2e.host.Poll;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.registry.Shape;
import dev.sluice.e2e.registry.ShapingProxy;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/**
 * The daemon is killed while a container reads, maps and executes cold files. With a keeper the container notices nothing. Without, what
 * was read is right or an error. After the restart a new container finds everything right, without a keeper what was read before
 * without the network. How often each: the environment variable {@code SLUICE_KILLS}.
 */
@TestInstance(Lifecycle.PER_CLASS)
class DaemonKillIT {
    private static final int ROUNDS = Machine.kills(5);
    private static final int ROUNDS_UNDER_A_KEEPER = Machine.kills(10);
    private static final long SEED = Long.getLong("sluice.seed", System.nanoTime());
    private static final int LOOP_ROUNDS = 2;
    /** Slow enough that there is always something on its way. */
    private static final Shape LINK = new Shape(Duration.ofMillis(10), 8_000_000);

    private static final String IMAGE = "kill:estargz";

    private final TestBed bed;
    private final RegistryProcess registry;
    private final ColdFiles files;

    DaemonKillIT() throws IOException {
        bed = Machine.newTestBed();
        registry = bed.add(RegistryProcess.start(bed.directory("r")));
        files = ColdFiles.push(bed, registry.address() + "/" + IMAGE);
    }

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "ctr-remote", "python3");
    }

    @AfterAll
    void stop() throws IOException {
        bed.close();
    }

    private static SluiceNode start(TestBed bed, String backend, String keeper) throws IOException {
        return start(bed, backend, keeper, "");
    }

    /** @param settings what else the daemon's configuration holds */
    private static SluiceNode start(TestBed bed, String backend, String keeper, String settings) throws IOException {
        return SluiceNode.start(
                bed,
                Machine.installedContainerd(),
                ContainerdConfig.PLAIN,
                Machine.distribution(),
                backend,
                "keeper = \"" + keeper + "\"\n" + SluiceProcess.Settings.PATIENT
                        + "prefetch = false\nfill = { read_ahead_max = \"0B\" }\n" + settings);
    }

    @TestFactory
    Stream<DynamicTest> killedAtARandomMoment() {
        return Stream.iterate(SEED, seed -> new Random(seed).nextLong())
                .limit(ROUNDS)
                .map(seed -> dynamicTest("seed " + seed, () -> killedAtTheMomentThat(new Random(seed), "")));
    }

    /** With the mounts the kernel takes the loop devices back, whoever was dead meanwhile. */
    @TestFactory
    Stream<DynamicTest> killedAtARandomMomentOnLoopDevices() {
        Machine.assumeLoopDevices();
        return Stream.iterate(SEED, seed -> new Random(seed).nextLong())
                .limit(Math.min(ROUNDS, LOOP_ROUNDS))
                .map(seed -> dynamicTest("seed " + seed, () -> {
                    List<String> layers = killedAtTheMomentThat(new Random(seed), LayersOnLoopDevices.settings());
                    LayersOnLoopDevices.awaitNone(layers);
                }));
    }

    /** @return the names of the layers, of which nothing is mounted any more */
    private List<String> killedAtTheMomentThat(Random random, String settings) throws IOException {
        int readBefore = random.nextInt(ColdFiles.COUNT - ChecksumContainer.READERS);
        int pauseMillis = random.nextInt(60);
        try (TestBed round = bed.nested()) {
            ShapingProxy proxy = round.add(ShapingProxy.start(registry.port(), LINK));
            String reference = proxy.address() + "/" + IMAGE;
            SluiceNode node = start(round, "fuse", "none", settings);
            node.client().pullLazily(reference, SluiceProcess.NAME);
            PageCache.drop();
            ChecksumContainer first = new ChecksumContainer(round, node, reference, "first");

            CompletableFuture<Command.Result> reading = first.start(files.paths());
            assertThat(Poll.until(Duration.ofMinutes(1), () -> first.lines() >= readBefore || reading.isDone()))
                    .as("reads before the kill")
                    .isTrue();
            if (reading.isDone()) {
                assertThat(first.lines())
                        .as(ChecksumContainer.join(reading).stderr())
                        .isGreaterThanOrEqualTo(readBefore);
            }
            pause(pauseMillis);
            node.sluice().kill();
            // A daemon that dies before the container has started leaves none.
            Command.Result ended = ChecksumContainer.join(reading);

            Map<String, String> before = first.read();
            assertThat(ended.exitCode() == 0 || before.isEmpty())
                    .as(ended.stderr())
                    .isTrue();
            assertAllRight(before);
            node.sluice().restart();
            node.awaitSnapshotter();
            PageCache.drop();
            assertReadAgainWithoutTheNetwork(round, node, reference, before, proxy);

            ChecksumContainer last = new ChecksumContainer(round, node, reference, "last");
            Command.Result readAll = ChecksumContainer.join(last.start(files.paths()));
            assertThat(last.read()).as(readAll.stderr()).isEqualTo(files.digests());
            return LayersOnLoopDevices.layers(node.sluice().settings().root());
        }
    }

    @TestFactory
    Stream<DynamicTest> killedAtARandomMomentUnderAKeeper() {
        return killsUnderAKeeper("fuse");
    }

    @TestFactory
    Stream<DynamicTest> killedAtARandomMomentUnderAKeeperWithFanotify() {
        Machine.assumeKernel(6, 15);
        return killsUnderAKeeper("fanotify");
    }

    private Stream<DynamicTest> killsUnderAKeeper(String backend) {
        return Stream.iterate(SEED, seed -> new Random(seed).nextLong())
                .limit(ROUNDS_UNDER_A_KEEPER)
                .map(seed -> dynamicTest("seed " + seed, () -> killedUnderAKeeper(backend, new Random(seed))));
    }

    private void killedUnderAKeeper(String backend, Random random) throws IOException {
        // The shell has started then: what a container is started with is not to be waited for.
        int readBefore = 1 + random.nextInt(ColdFiles.COUNT - ChecksumContainer.READERS);
        int pauseMillis = random.nextInt(60);
        try (TestBed round = bed.nested()) {
            ShapingProxy proxy = round.add(ShapingProxy.start(registry.port(), LINK));
            String reference = proxy.address() + "/" + IMAGE;
            SluiceNode node = start(round, backend, "process");
            node.client().pullLazily(reference, SluiceProcess.NAME);
            PageCache.drop();
            ChecksumContainer first = new ChecksumContainer(round, node, reference, "first");

            CompletableFuture<Command.Result> reading = first.start(files.paths());
            assertThat(Poll.until(Duration.ofMinutes(1), () -> first.lines() >= readBefore || reading.isDone()))
                    .as("reads before the kill")
                    .isTrue();
            pause(pauseMillis);
            node.sluice().kill();
            node.sluice().restart();

            // Its removal may fail: containerd takes some seconds to find the new daemon.
            Command.Result ended = ChecksumContainer.join(reading);
            assertThat(first.read()).as(() -> ended.stderr() + log(node)).isEqualTo(files.digests());

            node.awaitSnapshotter();
            PageCache.drop();
            ChecksumContainer last = new ChecksumContainer(round, node, reference, "last");
            Command.Result readAll = ChecksumContainer.join(last.start(files.paths()));
            assertThat(last.read()).as(readAll.stderr()).isEqualTo(files.digests());
        }
    }

    private void assertReadAgainWithoutTheNetwork(
            TestBed round, SluiceNode node, String reference, Map<String, String> before, ShapingProxy proxy)
            throws IOException {
        if (before.isEmpty()) {
            return;
        }
        long fetched = proxy.bytesDown();
        ChecksumContainer again = new ChecksumContainer(round, node, reference, "again");
        Command.Result readAgain = ChecksumContainer.join(again.start(List.copyOf(before.keySet())));
        assertThat(again.read()).as(readAgain.stderr()).isEqualTo(before);
        assertThat(proxy.bytesDown() - fetched)
                .as(() -> "bytes from the registry; the daemon says: " + log(node))
                .isLessThan(ColdFiles.SMALLEST);
    }

    private static String log(SluiceNode node) {
        try {
            return Files.readString(node.sluice().log());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void assertAllRight(Map<String, String> read) {
        assertThat(files.digests().entrySet()).containsAll(read.entrySet());
    }

    /** A moment is random only if it is not one of those that can be waited for. */
    private static void pause(int millis) throws IOException {
        long end = System.nanoTime() + Duration.ofMillis(millis).toNanos();
        assertThat(Poll.until(Duration.ofMinutes(1), () -> System.nanoTime() >= end))
                .isTrue();
    }
}
