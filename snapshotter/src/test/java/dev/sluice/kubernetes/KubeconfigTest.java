package dev.sluice.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KubeconfigTest {
    @TempDir
    Path directory;

    private static String config(String cluster, String user) {
        return """
                apiVersion: v1
                kind: Config
                current-context: here
                contexts:
                - {name: other, context: {cluster: other, user: other}}
                - {name: here, context: {cluster: c, user: u, namespace: n}}
                clusters:
                - {name: c, cluster: {server: "https://10.0.0.1:6443"%s}}
                users:
                - {name: u, user: {%s}}
                """.formatted(cluster, user);
    }

    private Connection connection(String text) throws IOException {
        Path file = directory.resolve("kubeconfig");
        Files.writeString(file, text);
        return ApiServer.ofKubeconfig(file).connection();
    }

    @Test
    void takesTheServerAndTheTokenOfTheCurrentContext() throws IOException {
        Connection connection = connection(config(", certificate-authority-data: Y2E=", "token: s3cret"));

        assertThat(connection.server()).isEqualTo("https://10.0.0.1:6443");
        assertThat(connection.token()).contains("s3cret");
        assertThat(connection.tls().authorities()).contains("ca");
        assertThat(connection.tls().verify()).isTrue();
        assertThat(connection.toString()).doesNotContain("s3cret");
    }

    @Test
    void readsFilesBesideItEachTime() throws IOException {
        Files.writeString(directory.resolve("token"), "t1\n");
        Files.writeString(directory.resolve("c.pem"), "certificate");
        Files.writeString(directory.resolve("k.pem"), "key");
        Path file = directory.resolve("kubeconfig");
        Files.writeString(file, config("", "tokenFile: token, client-certificate: c.pem, client-key: k.pem"));
        ApiServer server = ApiServer.ofKubeconfig(file);
        assertThat(server.connection().token()).contains("t1");
        assertThat(server.connection().tls().client()).contains(new Connection.ClientPair("certificate", "key"));

        Files.writeString(directory.resolve("token"), "t2");
        assertThat(server.connection().token()).contains("t2");
    }

    @Test
    void runsAnExecPluginForItsToken() throws IOException {
        Path plugin = directory.resolve("plugin");
        Files.writeString(plugin, """
                #!/bin/sh
                case "$KUBERNETES_EXEC_INFO" in *'"interactive":false'*) ;; *) exit 1 ;; esac
                echo run >> %s/runs
                printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%%s"}}' "$1-$VARIABLE"
                """.formatted(directory));
        Files.setPosixFilePermissions(plugin, PosixFilePermissions.fromString("rwx------"));
        Path file = directory.resolve("kubeconfig");
        Files.writeString(
                file,
                config(
                        "",
                        "exec: {apiVersion: client.authentication.k8s.io/v1, command: %s, args: [a], env: [{name: VARIABLE, value: b}]}"
                                .formatted(plugin)));
        ApiServer server = ApiServer.ofKubeconfig(file);

        assertThat(server.connection().token()).contains("a-b");
        assertThat(server.connection().token()).contains("a-b");
        assertThat(Files.readAllLines(directory.resolve("runs"))).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "username: admin, password: s3cret",
                "auth-provider: {name: s3cret}",
                "as: somebody",
                "client-key-data: czNjcmV0",
                "client-certificate-data: '%%%'",
                "exec: {apiVersion: v9, command: x}",
            })
    void refusesWhatIsNotFollowedHere(String user) {
        assertThatThrownBy(() -> connection(config("", user)))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("Tried to use the kubeconfig")
                .hasMessageNotContaining("s3cret");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "s3cret", "[]", "current-context: s3cret", "a: [s3cret\nb: *c"})
    void refusesWhatIsNoneAndQuotesNothing(String text) {
        assertThatThrownBy(() -> Kubeconfig.parse(text.getBytes(UTF_8), directory))
                .isInstanceOf(IOException.class)
                .hasMessageNotContaining("s3cret");
    }

    @Test
    void aPodFindsTheServerByItsEnvironment() throws IOException {
        Files.writeString(directory.resolve("token"), "t1\n");
        Files.writeString(directory.resolve("ca.crt"), "ca");
        Map<String, String> environment =
                Map.of("KUBERNETES_SERVICE_HOST", "fd00::1", "KUBERNETES_SERVICE_PORT", "443");

        Connection connection = new ServiceAccount(directory, environment).connection();
        assertThat(connection.server()).isEqualTo("https://[fd00::1]:443");
        assertThat(connection.token()).isEqualTo(Optional.of("t1"));
        assertThatThrownBy(() -> new ServiceAccount(directory, Map.of()).connection())
                .hasMessageContaining("kubeconfig");
    }
}
