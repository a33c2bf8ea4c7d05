package dev.sluice.credentials;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.registry.CredentialSource;
import dev.sluice.registry.Credentials;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CountedSourceTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final Credentials ALICE = new Credentials.Basic("alice", "s3cret");
    private static final Credentials BOB = new Credentials.Basic("bob", "s3cret");

    private static CountedSource counted(String name, CredentialSource source) {
        return new CountedSource(name, source, () -> SourceState.works("it works"), Clock.fixed(NOW, ZoneOffset.UTC));
    }

    @Test
    void countsWhatComesOfQuestions() throws Exception {
        CountedSource source = counted("docker", host -> {
            if (host.equals("broken.example")) {
                throw new IOException("the file is on fire");
            }
            return host.equals("ghcr.io") ? Optional.of(ALICE) : Optional.empty();
        });
        assertThat(source.credentials("ghcr.io", "a", Set.of())).contains(ALICE);
        assertThat(source.credentials("ghcr.io", "a", Set.of(ALICE))).isEmpty();
        assertThat(source.credentials("quay.io")).isEmpty();
        assertThatThrownBy(() -> source.credentials("broken.example", "a")).hasMessage("the file is on fire");

        assertThat(source.counts()).isEqualTo(new SourceCounts("docker", 1, 2, 1, 0));
        assertThat(source.status().state().explanation()).isEqualTo("it works");
        assertThat(source.status().trouble()).contains(new SourceStatus.Trouble("the file is on fire", NOW));
    }

    @Test
    void aRefusalIsCountedByTheSourceThatGaveWhatWasRefused() throws Exception {
        CountedSource kubernetes = counted("kubernetes", host -> Optional.of(ALICE));
        CountedSource docker = counted("docker", host -> Optional.of(BOB));
        ChainedCredentials chain = new ChainedCredentials(List.of(kubernetes, docker));

        assertThat(chain.credentials("ghcr.io", "a", Set.of())).contains(ALICE);
        chain.refused("ghcr.io", ALICE);
        assertThat(chain.credentials("ghcr.io", "a", Set.of(ALICE))).contains(BOB);

        assertThat(kubernetes.counts()).isEqualTo(new SourceCounts("kubernetes", 1, 1, 0, 1));
        assertThat(docker.counts()).isEqualTo(new SourceCounts("docker", 1, 0, 0, 0));
        assertThat(kubernetes.status().trouble())
                .contains(new SourceStatus.Trouble("what it gave for ghcr.io was refused", NOW));
        assertThat(docker.status().trouble()).isEmpty();
    }
}
