package dev.sluice.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.PageCache;
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
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
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
    private static final int ROUNDS = Machine.kills(10);
    private static final long SEED = Long.getLong("sluice.seed", System.nanoTime());
    private static final int LOOP_ROUNDS = 2;
    private static final int FILES = 24;
    private static final int SMALLEST = 120_000;
    private static final int READERS = 8;
    /** Slow enough that there is always something on its way. */
    private static final Shape LINK = new Shape(Duration.ofMillis(10), 8_000_000);

    /** A program that needs nothing but the machine's libraries; bytes behind its end do not disturb it. */
    private static final Path PROGRAM = Path.of("/usr/bin/sha256sum");

    private static final String MAPPED = "import hashlib, mmap, sys\n"
            + "file = open(sys.argv[1], \"rb\")\n"
            + "print(hashlib.sha256(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)).hexdigest() + \"  \" + sys.argv[1])\n";

    /** Reads each file of its arguments, some at once, in the way its name says, and leaves a line for each that could be read. */
    private static final String READ_ALL = "printf '%s\\n' \"$@\" | xargs -P " + READERS + " -n 1 sh -c 'case $0 in"
            + " */read-*) sha256sum \"$0\" ;;"
            + " */map-*) python3 /map.py \"$0\" ;;"
            + " */exec-*) \"$0\" \"$0\" ;;"
            + " esac >> /out/read'; true";

    private static final List<String> WAYS = List.of("read-", "map-", "exec-");

    private final TestBed bed;
    private final Map<String, String> digests = new TreeMap<>();
    private final RegistryProcess registry;

    DaemonKillIT() throws IOException {
        bed = Machine.newTestBed();
        registry = bed.add(RegistryProcess.start(bed.directory("r")));
        Path layout = bed.directory("image");
        OciLayout.write(layout, "latest", layers());
        ImagePublisher.push(layout, "latest", registry.address() + "/kill:plain");
        try (TestBed converter = bed.nested()) {
            SluiceNode node = start(converter, "fuse", "none");
            Estargz.convert(node.client(), registry.address() + "/kill:plain", registry.address() + "/kill:estargz");
        }
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

    private List<List<TarEntry>> layers() throws IOException {
        List<TarEntry> base = new ArrayList<>(List.of(
                TarEntry.directory("usr"),
                TarEntry.directory("out"),
                TarEntry.directory("space"),
                TarEntry.symlink("bin", "usr/bin"),
                TarEntry.symlink("lib", "usr/lib"),
                TarEntry.symlink("lib64", "usr/lib64")));
        List<TarEntry> upper = new ArrayList<>(List.of(TarEntry.directory("cold"), TarEntry.directory("space")));
        base.add(TarEntry.directory("cold"));
        base.add(TarEntry.file("map.py", MAPPED.getBytes(UTF_8)));
        byte[] program = Files.readAllBytes(PROGRAM);
        Random random = new Random(1);
        for (int i = 0; i < FILES; i++) {
            // Each is a chunk of its own, so that a file that was read as a whole needs nothing more.
            byte[] contents = new byte[SMALLEST + random.nextInt(300_000)];
            random.nextBytes(contents);
            System.arraycopy(program, 0, contents, 0, program.length);
            String path = "cold/" + WAYS.get(i % WAYS.size()) + i;
            List<TarEntry> layer = i % 2 == 0 ? base : upper;
            layer.add(TarEntry.executable(path, contents));
            // The kernel reads ahead of a file's end, but not as far as the next one; these few hundred bytes it may
            // have.
            layer.add(TarEntry.file("space/" + i, new byte[1 << 20]));
            digests.put("/" + path, Digests.sha256(contents));
        }
        return List.of(base, upper);
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
        int readBefore = random.nextInt(FILES - READERS);
        int pauseMillis = random.nextInt(60);
        try (TestBed round = bed.nested()) {
            ShapingProxy proxy = round.add(ShapingProxy.start(registry.port(), LINK));
            String reference = proxy.address() + "/kill:estargz";
            SluiceNode node = start(round, "fuse", "none", settings);
            node.client().pullLazily(reference, SluiceProcess.NAME);
            PageCache.drop();
            Container first = new Container(round, node, reference, "first");

            CompletableFuture<Command.Result> reading = first.start(List.copyOf(digests.keySet()));
            assertThat(Poll.until(Duration.ofMinutes(1), () -> first.lines() >= readBefore || reading.isDone()))
                    .as("reads before the kill")
                    .isTrue();
            if (reading.isDone()) {
                assertThat(first.lines()).as(join(reading).stderr()).isGreaterThanOrEqualTo(readBefore);
            }
            pause(pauseMillis);
            node.sluice().kill();
            // A daemon that dies before the container has started leaves none.
            Command.Result ended = join(reading);

            Map<String, String> before = first.read();
            assertThat(ended.exitCode() == 0 || before.isEmpty())
                    .as(ended.stderr())
                    .isTrue();
            assertAllRight(before);
            node.sluice().restart();
            node.awaitSnapshotter();
            PageCache.drop();
            assertReadAgainWithoutTheNetwork(round, node, reference, before, proxy);

            Container last = new Container(round, node, reference, "last");
            Command.Result readAll = join(last.start(List.copyOf(digests.keySet())));
            assertThat(last.read()).as(readAll.stderr()).isEqualTo(digests);
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
                .limit(ROUNDS)
                .map(seed -> dynamicTest("seed " + seed, () -> killedUnderAKeeper(backend, new Random(seed))));
    }

    private void killedUnderAKeeper(String backend, Random random) throws IOException {
        // The shell has started then: what a container is started with is not to be waited for.
        int readBefore = 1 + random.nextInt(FILES - READERS);
        int pauseMillis = random.nextInt(60);
        try (TestBed round = bed.nested()) {
            ShapingProxy proxy = round.add(ShapingProxy.start(registry.port(), LINK));
            String reference = proxy.address() + "/kill:estargz";
            SluiceNode node = start(round, backend, "process");
            node.client().pullLazily(reference, SluiceProcess.NAME);
            PageCache.drop();
            Container first = new Container(round, node, reference, "first");

            CompletableFuture<Command.Result> reading = first.start(List.copyOf(digests.keySet()));
            assertThat(Poll.until(Duration.ofMinutes(1), () -> first.lines() >= readBefore || reading.isDone()))
                    .as("reads before the kill")
                    .isTrue();
            pause(pauseMillis);
            node.sluice().kill();
            node.sluice().restart();

            // Its removal may fail: containerd takes some seconds to find the new daemon.
            Command.Result ended = join(reading);
            assertThat(first.read()).as(() -> ended.stderr() + log(node)).isEqualTo(digests);

            node.awaitSnapshotter();
            PageCache.drop();
            Container last = new Container(round, node, reference, "last");
            Command.Result readAll = join(last.start(List.copyOf(digests.keySet())));
            assertThat(last.read()).as(readAll.stderr()).isEqualTo(digests);
        }
    }

    private void assertReadAgainWithoutTheNetwork(
            TestBed round, SluiceNode node, String reference, Map<String, String> before, ShapingProxy proxy)
            throws IOException {
        if (before.isEmpty()) {
            return;
        }
        long fetched = proxy.bytesDown();
        Container again = new Container(round, node, reference, "again");
        Command.Result readAgain = join(again.start(List.copyOf(before.keySet())));
        assertThat(again.read()).as(readAgain.stderr()).isEqualTo(before);
        assertThat(proxy.bytesDown() - fetched)
                .as(() -> "bytes from the registry; the daemon says: " + log(node))
                .isLessThan(SMALLEST);
    }

    private static String log(SluiceNode node) {
        try {
            return Files.readString(node.sluice().log());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void assertAllRight(Map<String, String> read) {
        assertThat(digests.entrySet()).containsAll(read.entrySet());
    }

    /** A moment is random only if it is not one of those that can be waited for. */
    private static void pause(int millis) throws IOException {
        long end = System.nanoTime() + Duration.ofMillis(millis).toNanos();
        assertThat(Poll.until(Duration.ofMinutes(1), () -> System.nanoTime() >= end))
                .isTrue();
    }

    private static Command.Result join(CompletableFuture<Command.Result> reading) throws IOException {
        try {
            return reading.join();
        } catch (CompletionException e) {
            throw new IOException("reading failed", e);
        }
    }

    /** A container that reads files with the machine's programs, and what it says about them. */
    private static final class Container {
        private final SluiceNode node;
        private final String reference;
        private final String id;
        private final Path out;

        Container(TestBed round, SluiceNode node, String reference, String id) throws IOException {
            this.node = node;
            this.reference = reference;
            // Containers of all containerds on a machine share one directory of runc's.
            this.id = id + "-" + ProcessHandle.current().pid();
            this.out = round.directory(id);
        }

        /** Completes when the container has ended, or could not be started; reads that fail are no failure of it. */
        CompletableFuture<Command.Result> start(List<String> files) {
            List<String> arguments = new ArrayList<>(List.of(
                    "run", "--rm", "--snapshotter", SluiceProcess.NAME, "--mount", bind("/usr", "ro"), "--mount"));
            arguments.add("type=bind,src=" + out + ",dst=/out,options=rbind:rw");
            arguments.addAll(List.of(reference, id, "/usr/bin/bash", "-c", READ_ALL, "read"));
            arguments.addAll(files);
            Command run = node.client().command(arguments.toArray(String[]::new));
            return CompletableFuture.supplyAsync(() -> {
                try {
                    return run.runForResult();
                } catch (IOException e) {
                    throw new CompletionException(e);
                }
            });
        }

        private static String bind(String directory, String access) {
            return "type=bind,src=" + directory + ",dst=" + directory + ",options=rbind:" + access;
        }

        long lines() throws IOException {
            Path file = out.resolve("read");
            try (Stream<String> lines = Files.exists(file) ? Files.lines(file) : Stream.empty()) {
                return lines.count();
            }
        }

        /** Digest by path of what could be read. */
        Map<String, String> read() throws IOException {
            Map<String, String> read = new TreeMap<>();
            Path file = out.resolve("read");
            if (Files.exists(file)) {
                for (String line : Files.readAllLines(file)) {
                    String[] digestAndPath = line.split(" +", 2);
                    read.put(digestAndPath[1], digestAndPath[0]);
                }
            }
            return read;
        }
    }
}
