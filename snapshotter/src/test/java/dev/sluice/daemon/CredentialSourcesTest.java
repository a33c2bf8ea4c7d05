package dev.sluice.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.credentials.SourceState;
import dev.sluice.credentials.SourceStatus;
import dev.sluice.registry.Credentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CredentialSourcesTest {
    @TempDir
    Path directory;

    private CredentialSources open(String configuration) throws Exception {
        Path file = Files.writeString(directory.resolve("sluice.toml"), configuration);
        return CredentialSources.open(ConfigLoader.load(Optional.of(file), Map.of()));
    }

    private Path docker(String name, String user) throws IOException {
        return Files.writeString(
                directory.resolve(name),
                "{\"auths\": {\"https://r.example:5000\": {\"username\": \"" + user
                        + "\", \"password\": \"s3cret\"}}}");
    }

    @Test
    void dockersFileMayHaveAnyName() throws Exception {
        docker("config.json", "wrong");
        Path file = docker("pull-credentials", "alice");
        try (CredentialSources sources = open("registry.docker_config = '" + file + "'\n")) {
            assertThat(sources.chain().credentials("r.example:5000", "a"))
                    .contains(new Credentials.Basic("alice", "s3cret"));
            assertThat(sources.chain().credentials("r.example", "a")).isEmpty();
            assertThat(sources.chain().lookedAt()).isEqualTo("docker: " + file + " has credentials for r.example:5000");
        }
    }

    @Test
    void saysInTheirOrderWhatIsWrongWithEach() throws Exception {
        Files.writeString(directory.resolve("kubeconfig"), "kind: Config");
        try (CredentialSources sources = open("""
                registry.docker_config = "/nowhere/docker.json"
                [credentials]
                sources = ["kubernetes", "cri", "docker"]
                [credentials.kubernetes]
                namespaces = ["shared"]
                kubeconfig = "%1$s/kubeconfig"
                [credentials.cri]
                address = "%1$s/cri.sock"
                """.formatted(directory))) {
            sources.awaitFirst();

            assertThat(sources.status())
                    .extracting(SourceStatus::source)
                    .containsExactly("kubernetes", "cri", "docker");
            assertThat(sources.status())
                    .extracting(status -> status.state().level())
                    .containsExactly(SourceState.Level.BROKEN, SourceState.Level.BROKEN, SourceState.Level.EMPTY);
            assertThat(sources.chain().lookedAt())
                    .startsWith("kubernetes: ")
                    .contains(directory.resolve("kubeconfig").toString())
                    .endsWith("; cri: the socket " + directory
                            + "/cri.sock is not there; docker: there is no /nowhere/docker.json");
        }
    }
}
