package dev.sluice.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.registry.RegistryOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
    @TempDir
    Path directory;

    @Test
    void aTransferBelowOneKibibytePerSecondIsASilentOneHoweverLongSilenceMayLast() throws Exception {
        for (long millis : new long[] {100, 500, 1000, 20_000}) {
            Path file = Files.writeString(
                    directory.resolve("config.toml"), "registry.read_timeout = \"" + millis + "ms\"\n");

            RegistryOptions.Timeouts timeouts = Settings.registry(
                            ConfigLoader.load(Optional.of(file), Map.of()).registry())
                    .timeouts();

            assertThat(timeouts.stall()).isEqualTo(Duration.ofMillis(millis));
            assertThat(timeouts.progress()).isEqualTo(millis * 1024 / 1000);
        }
    }
}
