package dev.sluice.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.sluice.layer.estargz.FooterFuzz;
import dev.sluice.layer.tar.TarFuzz;
import dev.sluice.layer.tar.TarIndexFuzz;
import dev.sluice.ondemand.cachefiles.MessageFuzz;
import dev.sluice.ondemand.fanotify.EventFuzz;
import dev.sluice.ondemand.fuse.RequestFuzz;
import dev.sluice.ondemand.keeper.KeeperRecordFuzz;
import dev.sluice.snapshot.FilterFuzz;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What e2e/fuzz begins with, and what it has found, in src/test/resources/fuzz: each case is handled as its target demands. */
class FuzzCasesTest {
    private static final Path CASES = Path.of("src/test/resources/fuzz");

    private static final Map<String, Target> TARGETS = Map.of(
            "fanotify-event", EventFuzz::fuzzerTestOneInput,
            "fuse-request", RequestFuzz::fuzzerTestOneInput,
            "cachefiles-message", MessageFuzz::fuzzerTestOneInput,
            "estargz-footer", FooterFuzz::fuzzerTestOneInput,
            "tar", TarFuzz::fuzzerTestOneInput,
            "tar-index", TarIndexFuzz::fuzzerTestOneInput,
            "containerd-filter", FilterFuzz::fuzzerTestOneInput,
            "keeper-record", KeeperRecordFuzz::fuzzerTestOneInput);

    @FunctionalInterface
    private interface Target {
        void run(byte[] data) throws IOException;
    }

    @Test
    void theListOfTargetsIsWhatIsTestedHere() throws IOException {
        assertThat(Files.readAllLines(CASES.resolve("targets")).stream().map(line -> line.split(" ", -1)[0]))
                .containsExactlyInAnyOrderElementsOf(TARGETS.keySet());
    }

    @TestFactory
    Stream<DynamicTest> eachCase() {
        return TARGETS.entrySet().stream()
                .flatMap(target -> cases(target.getKey()).stream()
                        .map(file -> dynamicTest(
                                target.getKey() + " " + file.getFileName(),
                                () -> target.getValue().run(Files.readAllBytes(file)))));
    }

    private static List<Path> cases(String target) {
        try (Stream<Path> files = Files.list(CASES.resolve(target))) {
            return files.sorted().toList();
        } catch (IOException e) {
            throw new AssertionError("no cases of " + target, e);
        }
    }
}
