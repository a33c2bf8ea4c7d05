package dev.sluice.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.linux.Linux;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KeepersTest {
    private static final String SOCKET = "/run/notify";

    private final Linux linux = Linux.load();

    @Test
    void autoTakesAStoreThatOutlivesAStop() throws IOException {
        assertThat(isPresent(Map.of("NOTIFY_SOCKET", SOCKET, "FDSTORE", "10", "SLUICE_FD_STORE", "preserved")))
                .isTrue();
    }

    @Test
    void autoTakesNoStoreThatAStopWouldEmpty() throws IOException {
        assertThat(isPresent(Map.of("NOTIFY_SOCKET", SOCKET))).isFalse();
        assertThat(isPresent(Map.of("NOTIFY_SOCKET", SOCKET, "FDSTORE", "10"))).isFalse();
        assertThat(isPresent(Map.of("NOTIFY_SOCKET", SOCKET, "SLUICE_FD_STORE", "preserved")))
                .isFalse();
        assertThat(isPresent(Map.of("NOTIFY_SOCKET", SOCKET, "FDSTORE", "0", "SLUICE_FD_STORE", "preserved")))
                .isFalse();
        assertThat(isPresent(Map.of("FDSTORE", "10", "SLUICE_FD_STORE", "preserved")))
                .isFalse();
    }

    @Test
    void aStoreThatIsAskedForIsTakenWithoutQuestionsIfThereIsOne() throws IOException {
        assertThat(Keepers.open(KeeperChoice.FD_STORE, linux, Map.of("NOTIFY_SOCKET", SOCKET))
                        .isPresent())
                .isTrue();
        assertThatThrownBy(() -> Keepers.open(KeeperChoice.FD_STORE, linux, Map.of()))
                .isInstanceOf(IOException.class)
                .hasMessage("keeper fd-store does not work here: no service manager listens");
    }

    private boolean isPresent(Map<String, String> environment) throws IOException {
        return Keepers.open(KeeperChoice.AUTO, linux, environment).isPresent();
    }
}
