package dev.sluice.e2e;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.runtime.ContainerdBinaries;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * containerd's own test suite for snapshotters passes, and the same calls are answered as containerd's overlayfs snapshotter
 * answers them. The tests themselves are the Go module {@code e2e/tools/snapshotter-suite}.
 */
class SnapshotterSuiteIT {
    private static final Duration LONG = Duration.ofMinutes(15);
    private static final Set<String> MAY_BE_SKIPPED = Set.of("TestSuite/Rename");
    private static final Map<String, Integer> EXPECTED = Map.of("TestSuite", 21, "TestSameAsOverlayfs", 8);

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
    }

    @TestFactory
    Stream<DynamicTest> overTheSocketOfTheDaemon() throws IOException {
        Path program = program();
        try (TestBed bed = Machine.newTestBed()) {
            SluiceProcess.Settings settings = new SluiceProcess.Settings(
                    Machine.distribution(),
                    bed.directory().resolve("s"),
                    bed.directory().resolve("c/s"),
                    "auto",
                    SluiceProcess.Settings.plainHttp(List.of("localhost")));
            bed.add(SluiceProcess.start(settings));
            return run(bed, program, settings.socket());
        }
    }

    @TestFactory
    Stream<DynamicTest> throughTheInstalledContainerd() throws IOException {
        return through(Machine.installedContainerd());
    }

    @TestFactory
    Stream<DynamicTest> throughTheNewestContainerd() throws IOException {
        return through(Machine.newestContainerd());
    }

    private static Stream<DynamicTest> through(ContainerdBinaries binaries) throws IOException {
        Path program = program();
        try (TestBed bed = Machine.newTestBed()) {
            SluiceNode node = SluiceNode.start(bed, binaries, Machine.distribution(), "auto", List.of("localhost"));
            return run(bed, program, node.containerd().socket(), "-reference", ContainerdClient.OVERLAYFS);
        }
    }

    private static Stream<DynamicTest> run(TestBed bed, Path program, Path socket, String... more) throws IOException {
        Command.Result result = Command.of(program.toString(), "-test.v", "-test.timeout=10m")
                .withArguments(List.of("-address", socket.toString(), "-snapshotter", SluiceProcess.NAME))
                .withArguments(List.of(more))
                .with("TMPDIR", bed.directory("t").toString())
                .withTimeout(LONG)
                .runForResult();
        return GoTestRun.of(result).tests(MAY_BE_SKIPPED, EXPECTED);
    }

    /** The test program; built if it is not in the cache yet. */
    private static Path program() throws IOException {
        Command.Result built =
                Command.of("tools/snapshotter-suite/build").withTimeout(LONG).runForResult();
        assumeTrue(built.exitCode() != 77, "needs Go: " + built.stderr());
        if (built.exitCode() != 0) {
            throw new IOException("Tried to build the snapshotter suite but failed because: " + built.stderr());
        }
        return Path.of(built.stdout().strip());
    }
}
