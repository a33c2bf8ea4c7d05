package dev.sluice.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.sluice.linux.Linux;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.ProbeResult;
import dev.sluice.ondemand.keeper.ProcessKeeperProbe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class KeepersTest {
    private static final String SOCKET = "/run/notify";

    private final Linux linux = Linux.load();

    @TempDir
    Path directory;

    @ParameterizedTest
    @MethodSource
    void autoTakesTheProcessWhichLastsUntilNobodyReadsAnyMore(Map<String, String> environment) throws IOException {
        ProbeResult process = new ProcessKeeperProbe(linux).run();
        assumeThat(process.ok()).as(process.reason()).isTrue();
        assertThat(auto(environment)).isEqualTo("process, which holds nothing");
    }

    static List<Map<String, String>> autoTakesTheProcessWhichLastsUntilNobodyReadsAnyMore() {
        return List.of(
                Map.of(),
                Map.of("NOTIFY_SOCKET", SOCKET, "FDSTORE", "10"),
                Map.of("NOTIFY_SOCKET", SOCKET, "FDSTORE", "10", "SLUICE_FD_STORE", "preserved"));
    }

    @Test
    void aStoreThatIsAskedForIsTakenWithoutQuestionsIfThereIsOne() throws IOException {
        assertThat(open(KeeperChoice.FD_STORE, Map.of("NOTIFY_SOCKET", SOCKET)))
                .isEqualTo("fd-store of the service manager at /run/notify");
        assertThatThrownBy(() -> open(KeeperChoice.FD_STORE, Map.of()))
                .isInstanceOf(IOException.class)
                .hasMessage("keeper fd-store does not work here: no service manager listens");
    }

    @Test
    void noneIsNone() throws IOException {
        assertThat(open(KeeperChoice.NONE, Map.of())).isEqualTo("none");
    }

    private String auto(Map<String, String> environment) throws IOException {
        return open(KeeperChoice.AUTO, environment);
    }

    private String open(KeeperChoice choice, Map<String, String> environment) throws IOException {
        try (Keeper keeper = Keepers.open(choice, linux, directory, environment)) {
            return keeper.toString();
        }
    }
}
