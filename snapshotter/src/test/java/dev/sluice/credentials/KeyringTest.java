package dev.sluice.credentials;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.registry.Credentials;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class KeyringTest {
    private static final String JSON = """
            {"auths": {
              "registry.local:5000": {"username": "all", "password": "s3cret-all"},
              "https://registry.local:5000/v2/team": {"auth": "dGVhbTpzM2NyZXQtdGVhbQ=="},
              "*.example.com": {"username": "glob", "password": "s3cret-glob"},
              "https://index.docker.io/v1/": {"username": "hub", "password": "s3cret-hub"},
              "broken.local": {"auth": "%%%"}
            }}""";

    private static Credentials basic(String name) {
        return new Credentials.Basic(name, "s3cret-" + name);
    }

    private static Keyring keyring() throws IOException {
        return Keyring.ofDockerConfigJson(JSON.getBytes(UTF_8));
    }

    @Test
    void theMoreSpecificComeFirstAndTheOthersAfterThem() throws IOException {
        assertThat(keyring().of("registry.local:5000/team/app")).containsExactly(basic("team"), basic("all"));
        assertThat(keyring().of("registry.local:5000/other")).containsExactly(basic("all"));
        assertThat(keyring().of("a.example.com/x")).containsExactly(basic("glob"));
        assertThat(keyring().of("elsewhere.com/x")).isEmpty();
    }

    @Test
    void dockersHubIsKnownByItsOldName() throws IOException {
        assertThat(keyring().of("docker.io/library/debian")).containsExactly(basic("hub"));
    }

    @Test
    void anEntryThatIsMalformedDoesNotTakeTheOthersWithIt() throws IOException {
        assertThat(keyring().of("broken.local/x")).isEmpty();
        assertThat(keyring().entries()).hasSize(4);
    }

    @Test
    void theOldTypeHasNothingAround() throws IOException {
        byte[] json = "{\"registry.local\": {\"username\": \"all\", \"password\": \"s3cret-all\"}}".getBytes(UTF_8);

        assertThat(Keyring.ofDockerCfg(json).of("registry.local/x")).containsExactly(basic("all"));
    }

    @Test
    void noSecretIsPrintedOrQuoted() throws IOException {
        assertThat(keyring().toString()).doesNotContain("s3cret").contains("registry.local:5000");
        assertThatThrownBy(() -> Keyring.ofDockerConfigJson("s3cret".getBytes(UTF_8)))
                .isInstanceOf(IOException.class)
                .hasMessageNotContaining("s3cret");
    }
}
