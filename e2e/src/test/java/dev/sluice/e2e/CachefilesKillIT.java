package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.e2e.host.Fscache;
import dev.sluice.e2e.host.PageCache;
import dev.sluice.e2e.host.Poll;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.image.TarEntry;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.registry.Shape;
import dev.sluice.e2e.registry.ShapingProxy;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.MountedView;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The daemon is killed while cold files are read over fscache. With a keeper nobody notices; without one reads fail, none is wrong, and the
 * next daemon mounts anew. How often: the environment variable {@code SLUICE_KILLS}. Needs a kernel that can: {@code e2e/vm test}.
 */
class CachefilesKillIT {
    private static final int ROUNDS = Machine.kills(5);
    private static final int READERS = 8;
    private static final int FILES = 400;
    private static final int SMALLEST = 60_000;
    private static final int LONGEST_PAUSE_MILLIS = 400;
    /** Slow enough that there is always something on its way. */
    private static final Shape LINK = new Shape(Duration.ofMillis(10), 4_000_000);

    private final TestBed bed;
    private final ShapingProxy registry;
    private final ExecutorService readers = Executors.newFixedThreadPool(READERS);
    private int nextFile;

    CachefilesKillIT() throws IOException {
        bed = Machine.newTestBed();
        RegistryProcess upstream = bed.add(RegistryProcess.start(bed.directory("r")));
        ImagePublisher.push(makeImage(bed), DebianImage.TAG, upstream.address() + "/kill:" + DebianImage.TAG);
        registry = bed.add(ShapingProxy.start(upstream.port(), LINK));
    }

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "ctr-remote");
        assumeTrue(Fscache.isThere(), "needs a kernel with cachefiles on demand: e2e/vm test --kernel cachefiles");
    }

    @AfterEach
    void stop() throws IOException {
        readers.shutdown();
        bed.close();
    }

    static Path makeImage(TestBed bed) throws IOException {
        List<TarEntry> files = IntStream.range(0, FILES)
                .mapToObj(i -> TarEntry.file(name(i), contents(i)))
                .toList();
        return Estargz.build(
                "cachefiles-kill",
                List.of(files.subList(0, FILES / 2), files.subList(FILES / 2, FILES)),
                bed.directory("i-kill"));
    }

    @Test
    void withAKeeperReadersWaitForTheNextDaemon() throws IOException, InterruptedException {
        SluiceNode node = start("process");
        Random random = random();
        node.client().pullLazily(reference(), SluiceProcess.NAME);

        try (MountedView view = view(node, "v")) {
            for (int round = 0; round < ROUNDS; round++) {
                List<Future<Boolean>> reading = read(view.target());
                pause(random);
                node.sluice().kill();
                node.sluice().restart();

                for (Future<Boolean> read : reading) {
                    assertThat(failure(read)).as("round " + round).isEmpty();
                }
            }
        }
        assertThat(Files.readString(node.sluice().log())).contains("Took over the kernel's cache");
    }

    @Test
    void withoutOneReadsFailAndTheNextDaemonMountsAnew() throws IOException, InterruptedException {
        SluiceNode node = start("none");
        Random random = random();
        node.client().pullLazily(reference(), SluiceProcess.NAME);

        for (int round = 0; round < Math.max(2, ROUNDS / 5); round++) {
            int first = nextFile;
            MountedView dying = view(node, "dying-" + round);
            List<Future<Boolean>> reading = read(dying.target());
            pause(random);
            node.sluice().kill();
            List<Integer> right = new ArrayList<>();
            for (int i = 0; i < READERS; i++) {
                if (failure(reading.get(i)).isEmpty()) {
                    right.add(first + i);
                }
            }
            // Mounts that are dead but still there keep their domain from being used again, and with it what is cached.
            boolean unmountedFirst = round % 2 == 0;
            if (unmountedFirst) {
                dying.unmount();
            }
            node.sluice().restart();
            node.awaitSnapshotter();
            PageCache.drop();

            try (MountedView fresh = view(node, "fresh-" + round)) {
                long before = registry.bytesDown();
                for (int file : right) {
                    assertThat(fresh.target().resolve(name(file))).hasBinaryContent(contents(file));
                }
                if (unmountedFirst) {
                    assertThat(registry.bytesDown() - before).isLessThan(SMALLEST);
                }
                for (int file = first; file < first + READERS; file++) {
                    assertThat(fresh.target().resolve(name(file))).hasBinaryContent(contents(file));
                }
            }
            dying.close();
        }
    }

    private SluiceNode start(String keeper) throws IOException {
        return SluiceNode.start(
                bed,
                Machine.installedContainerd(),
                ContainerdConfig.PLAIN,
                Machine.distribution(),
                "cachefiles",
                SluiceProcess.Settings.PATIENT + "prefetch = false\nkeeper = \"" + keeper
                        + "\"\nfill = { read_ahead_max = \"0B\" }\n");
    }

    private MountedView view(SluiceNode node, String name) throws IOException {
        return node.client()
                .view(SluiceProcess.NAME, RemoteManifest.fetch(reference()).chainId(), bed.directory(name));
    }

    private String reference() {
        return registry.address() + "/kill:" + DebianImage.TAG;
    }

    /** Lets each reader read a file that nobody has read. */
    private List<Future<Boolean>> read(Path directory) {
        List<Future<Boolean>> reading = new ArrayList<>();
        for (int i = 0; i < READERS; i++) {
            int file = nextFile++;
            reading.add(readers.submit(
                    () -> Arrays.equals(Files.readAllBytes(directory.resolve(name(file))), contents(file))));
        }
        return reading;
    }

    /** Why a read failed, if it did; a wrong byte is the end of the test. */
    private static Optional<Throwable> failure(Future<Boolean> read) throws InterruptedException {
        try {
            assertThat(read.get()).as("right bytes").isTrue();
            return Optional.empty();
        } catch (ExecutionException e) {
            assertThat(e).hasRootCauseInstanceOf(IOException.class);
            return Optional.of(e);
        }
    }

    private static Random random() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        return new Random(seed);
    }

    /** A moment is random only if it is not one of those that can be waited for. */
    private static void pause(Random random) throws IOException {
        long end = System.nanoTime()
                + Duration.ofMillis(random.nextInt(LONGEST_PAUSE_MILLIS)).toNanos();
        assertThat(Poll.until(Duration.ofMinutes(1), () -> System.nanoTime() >= end))
                .isTrue();
    }

    private static String name(int file) {
        return "file-" + file;
    }

    private static byte[] contents(int file) {
        Random random = new Random(file);
        byte[] bytes = new byte[SMALLEST + random.nextInt(60_000)];
        random.nextBytes(bytes);
        return bytes;
    }
}
