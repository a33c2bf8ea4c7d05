package dev.sluice.credentials;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.proto.cri.AuthConfig;
import dev.sluice.registry.Credentials;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PulledCredentialsTest {
    private static final String HOST = "registry.local:5000";

    private final PulledCredentials pulled = new PulledCredentials();

    private static AuthConfig basic(String user) {
        return AuthConfig.newBuilder().setUsername(user).setPassword("p").build();
    }

    @Test
    void theNewestOfTheRepositoryComesFirstThenOlderOnesThenThoseOfOthers() {
        pulled.seen(HOST + "/other:v1", basic("other"));
        pulled.seen(HOST + "/team/app:v1", basic("old"));
        pulled.seen(HOST + "/team/app:v2", basic("new"));
        Credentials other = new Credentials.Basic("other", "p");
        Credentials old = new Credentials.Basic("old", "p");
        Credentials fresh = new Credentials.Basic("new", "p");

        assertThat(pulled.credentials(HOST, "team/app")).contains(fresh);
        assertThat(pulled.credentials(HOST, "team/app", Set.of(fresh))).contains(old);
        assertThat(pulled.credentials(HOST, "team/app", Set.of(fresh, old))).contains(other);
        assertThat(pulled.credentials(HOST, "team/app", Set.of(fresh, old, other)))
                .isEmpty();
        assertThat(pulled.credentials("elsewhere.com", "team/app")).isEmpty();
    }

    /** Credentials that were shown for one repository never get to a host that was not meant. */
    @ParameterizedTest
    @ValueSource(
            strings = {"registry.example", "registry.example:5001", "example:5000", "mirror.registry.example:5000"})
    void othersOfTheSameRegistryAreThoseOfTheSameHostAndPort(String elsewhere) {
        pulled.seen("registry.example:5000/team/app:1", basic("alice"));

        assertThat(pulled.credentials("registry.example:5000", "other/app"))
                .contains(new Credentials.Basic("alice", "p"));
        assertThat(pulled.credentials(elsewhere, "team/app")).isEmpty();
        assertThat(pulled.credentials(elsewhere, "other/app")).isEmpty();
    }

    @Test
    void itIsBounded() {
        for (int i = 0; i < 10_000; i++) {
            pulled.seen("r" + i + ".local/app", basic("u" + i));
        }

        assertThat(pulled.credentials("r0.local", "app")).isEmpty();
        assertThat(pulled.credentials("r9999.local", "app")).isPresent();
    }

    @Test
    void readsWhatTheRequestShowsAsContainerdDoes() {
        AuthConfig.Builder auth = AuthConfig.newBuilder()
                .setRegistryToken("rt")
                .setAuth("YWxpY2U6czNjcmV0AAA=")
                .setIdentityToken("it");
        assertThat(PulledCredentials.credentials(basic("alice"), HOST)).contains(new Credentials.Basic("alice", "p"));
        assertThat(PulledCredentials.credentials(auth.build(), HOST)).contains(new Credentials.IdentityToken("it"));
        assertThat(PulledCredentials.credentials(auth.setIdentityToken("").build(), HOST))
                .contains(new Credentials.Basic("alice", "s3cret"));
        assertThat(PulledCredentials.credentials(auth.setAuth("").build(), HOST))
                .contains(new Credentials.RegistryToken("rt"));
        assertThat(PulledCredentials.credentials(AuthConfig.getDefaultInstance(), HOST))
                .isEmpty();
        assertThat(PulledCredentials.credentials(
                        AuthConfig.newBuilder().setAuth("%%%").build(), HOST))
                .isEmpty();
    }

    @Test
    void whatIsForAnotherServerIsNotKept() {
        AuthConfig.Builder auth = basic("alice").toBuilder();
        Optional<Credentials> alice = Optional.of(new Credentials.Basic("alice", "p"));

        assertThat(PulledCredentials.credentials(
                        auth.setServerAddress("https://" + HOST).build(), HOST))
                .isEqualTo(alice);
        assertThat(PulledCredentials.credentials(
                        auth.setServerAddress("https://index.docker.io/v1/").build(), "docker.io"))
                .isEqualTo(alice);
        assertThat(PulledCredentials.credentials(
                        auth.setServerAddress("https://elsewhere.com").build(), HOST))
                .isEmpty();
        assertThat(PulledCredentials.credentials(auth.setServerAddress(HOST).build(), HOST))
                .isEmpty();
    }
}
