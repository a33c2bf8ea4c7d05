package dev.sluice.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.index.IndexPolicy;
import dev.sluice.index.IndexTrust;
import dev.sluice.index.VerificationKey;
import dev.sluice.registry.RegistryOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
    @TempDir
    Path directory;

    private static final String PUBLIC = """
            -----BEGIN PUBLIC KEY-----
            MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
            -----END PUBLIC KEY-----
            """;

    private static Config.Index index(Path... keys) {
        return new Config.Index(IndexPolicy.SIGNED, Map.of(), List.of(keys), false, Optional.empty());
    }

    @Test
    void theKeysThatIndexesAreSignedWithAreRead() throws Exception {
        Path key = Files.writeString(directory.resolve("key.pem"), PUBLIC);

        IndexTrust trust = Settings.indexTrust(index(key));

        assertThat(trust.policy()).isEqualTo(IndexPolicy.SIGNED);
        assertThat(trust.keys()).extracting(VerificationKey::id).containsExactly("a1e9156054e04fac");
    }

    @Test
    void aKeyThatCannotBeReadIsNamed() throws Exception {
        Path missing = directory.resolve("missing.pem");
        Path wrong = Files.writeString(directory.resolve("wrong.pem"), "nothing");

        assertThatThrownBy(() -> Settings.indexTrust(index(missing)))
                .isInstanceOf(IOException.class)
                .hasMessage("Tried to read the key " + missing + " but there is no such file");
        assertThatThrownBy(() -> Settings.indexTrust(index(wrong)))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("Tried to read the key " + wrong + " but failed because: ");
        assertThatThrownBy(() -> Settings.signingKey(
                        new Config.Index(IndexPolicy.OFF, Map.of(), List.of(), true, Optional.of(wrong))))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("Tried to read the key " + wrong);
        assertThat(Settings.signingKey(Config.defaults().index())).isEmpty();
    }

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
