package dev.sluice.credentials;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.registry.CredentialSource;
import dev.sluice.registry.Credentials;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ChainedCredentialsTest {
    private static final CredentialSource FIRST = host -> Optional.of(new Credentials.Basic("first", ""));
    private static final CredentialSource SECOND = host -> Optional.of(new Credentials.Basic("second", ""));
    private static final CredentialSource BROKEN = host -> {
        throw new IOException("broken");
    };

    @Test
    void takesTheFirstAnswer() throws Exception {
        assertThat(new ChainedCredentials(List.of(CredentialSource.anonymous(), FIRST, SECOND)).credentials("h"))
                .contains(new Credentials.Basic("first", ""));
        assertThat(new ChainedCredentials(List.of()).credentials("h")).isEmpty();
    }

    @Test
    void passesOverAFailureIfAnotherSourceKnows() throws Exception {
        assertThat(new ChainedCredentials(List.of(BROKEN, SECOND)).credentials("h"))
                .contains(new Credentials.Basic("second", ""));
    }

    @Test
    void doesNotHideAFailureBehindAnonymousUse() {
        assertThatThrownBy(() -> new ChainedCredentials(List.of(BROKEN, CredentialSource.anonymous())).credentials("h"))
                .hasMessage("broken");
    }
}
