package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.PageCache;
import dev.sluice.e2e.host.Poll;
import dev.sluice.e2e.host.SmallFileSystem;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.registry.AccessLog;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Fanotify on the other file systems that the root directory may lie on: what holds on ext4 holds there. */
class FileSystemsIT {
    private static final long BYTES = 1L << 30;
    private static final Duration SOON = Duration.ofMinutes(1);
    private static final Duration FROZEN = Duration.ofSeconds(2);
    private static final Duration HELD_UP = Duration.ofSeconds(20);
    /** So slow that fills are on their way for seconds. */
    private static final Shape LINK = new Shape(Duration.ofMillis(10), 1_000_000);
    /** More than tables of contents have. */
    private static final int SOME = 300_000;

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
        SmallFileSystem disk = bed.add(mount(type));
        assertThat(Files.getFileStore(disk.mountPoint()).type()).isEqualTo(type);
        SluiceNode node = start();
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

    /** Backups freeze file systems for a moment. Who reads then waits, or gets an error; nobody gets anything else. */
    @ParameterizedTest
    @ValueSource(strings = {"ext4", "xfs", "btrfs"})
    void aFreezeWhileFillsAreOnTheirWayOnlyDelaysThem(String type) throws IOException {
        Machine.assumeFileSystem(type);
        Machine.assumePrograms("mkfs." + type, "fsfreeze");
        RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
        ReaderImage image = ReaderImage.make(bed);
        image.push(registry.address());
        SmallFileSystem disk = bed.add(mount(type));
        ShapingProxy proxy = bed.add(ShapingProxy.start(registry.port(), LINK));
        String reference = proxy.address() + ReaderImage.NAME;
        SluiceNode node = start();
        node.client().pullLazily(reference, SluiceProcess.NAME);
        ReaderContainer container = ReaderContainer.start(bed, node, reference, "reader");
        long before = proxy.bytesDown();

        List<CompletableFuture<Command.Result>> reads = image.digests().keySet().stream()
                .map(way -> started(container.reading(way, ReaderImage.path(way))))
                .toList();
        assertThat(Poll.until(SOON, () -> proxy.bytesDown() > before + SOME)).isTrue();
        disk.freeze();
        try {
            long end = System.nanoTime() + FROZEN.toNanos();
            assertThat(Poll.until(SOON, () -> System.nanoTime() > end)).isTrue();
        } finally {
            disk.thaw();
        }

        List<String> wrong = new ArrayList<>();
        for (CompletableFuture<Command.Result> read : reads) {
            Command.Result result = read.join();
            if (result.exitCode() == 0) {
                // Nothing at all if ctr was too quick, see ReaderContainer.
                assertThat(result.stdout().strip())
                        .isIn(Stream.concat(Stream.of(""), image.digests().values().stream())
                                .toList());
            } else {
                assertThat(result.stderr()).contains("Input/output error");
                wrong.add(result.stderr());
            }
        }
        System.out.printf("%s: %d of %d reads failed for a freeze%n", type, wrong.size(), reads.size());
        PageCache.drop();
        image.assertAllRight(container);
    }

    /**
     * Who writes to the frozen file system from memory that is mapped from a cold file has begun its write, which the freeze waits for;
     * the write waits for the bytes, and these for the end of the freeze. That is the kernel's order, and ends with the writer.
     */
    @Test
    void aFreezeThatWaitsForAWriterThatWaitsForAFillEndsWithTheWriter() throws IOException {
        Machine.assumePrograms("fsfreeze");
        RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
        ReaderImage image = ReaderImage.make(bed);
        image.push(registry.address());
        SmallFileSystem disk = bed.add(mount("ext4"));
        ShapingProxy proxy = bed.add(ShapingProxy.start(registry.port(), LINK));
        String reference = proxy.address() + ReaderImage.NAME;
        SluiceNode node = start();
        node.client().pullLazily(reference, SluiceProcess.NAME);
        ReaderContainer container = ReaderContainer.start(bed, node, reference, "reader");
        long before = proxy.bytesDown();

        CompletableFuture<Command.Result> write = started(container.reading("copy", ReaderImage.path("mmap")));
        assertThat(Poll.until(SOON, () -> proxy.bytesDown() > before + SOME)).isTrue();
        CompletableFuture<Void> freeze = CompletableFuture.runAsync(() -> {
            try {
                disk.freeze();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        long end = System.nanoTime() + HELD_UP.toNanos();
        assertThat(Poll.until(SOON, () -> freeze.isDone() || System.nanoTime() > end))
                .isTrue();
        System.out.println("the freeze " + (freeze.isDone() ? "was done at once" : "waits for the writer"));
        container.killLast();

        freeze.join();
        disk.thaw();
        assertThat(write.join().exitCode()).isNotZero();
        PageCache.drop();
        image.assertAllRight(container);
    }

    private static CompletableFuture<Command.Result> started(Command command) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return command.runForResult();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                runnable -> new Thread(runnable, "reader").start());
    }

    private SmallFileSystem mount(String type) throws IOException {
        return SmallFileSystem.mount(type, bed.directory().resolve("disk"), bed.directory("s/root"), BYTES);
    }

    private SluiceNode start() throws IOException {
        return SluiceNode.start(
                bed,
                Machine.installedContainerd(),
                ContainerdConfig.PLAIN,
                Machine.distribution(),
                "fanotify",
                SluiceProcess.Settings.PATIENT + "prefetch = false\nfill = { read_ahead_max = \"0B\" }\n");
    }
}
