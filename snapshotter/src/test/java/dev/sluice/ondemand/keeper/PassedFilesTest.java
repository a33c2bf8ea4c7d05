package dev.sluice.ondemand.keeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.linux.Linux;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PassedFilesTest {
    private final Linux linux = Linux.load();

    @Test
    void filesOfAnotherProcessAreNotOurs() throws IOException {
        assertThat(PassedFiles.take(linux, Map.of("LISTEN_PID", "7", "LISTEN_FDS", "2"), 8))
                .isEmpty();
        assertThat(PassedFiles.take(linux, Map.of("LISTEN_FDS", "2"), 8)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "two", "2147483648", "2147483647"})
    void aCountThatIsNoneIsAnError(String count) {
        assertThatThrownBy(() -> PassedFiles.take(linux, Map.of("LISTEN_PID", "8", "LISTEN_FDS", count), 8))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("LISTEN_FDS");
    }
}
