package dev.sluice.credentials;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.registry.Credentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CredentialHelpersTest {
    @TempDir
    private Path directory;

    private CredentialHelpers helpers(Duration timeout) {
        return new CredentialHelpers(List.of(directory), timeout);
    }

    private Optional<Credentials> run(String script, Duration timeout) throws IOException {
        Path file = directory.resolve("docker-credential-test");
        Files.writeString(file, "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        return helpers(timeout).get("test", "r.example");
    }

    @Test
    void runsTheHelper() throws Exception {
        assertThat(run(
                        "[ \"$1\" = get ] && read server; echo \"{\\\"Username\\\":\\\"$server\\\",\\\"Secret\\\":\\\"x\\\"}\"",
                        Duration.ofSeconds(30)))
                .contains(new Credentials.Basic("r.example", "x"));
    }

    @Test
    void doesNotMindThatTheInputIsNotRead() throws Exception {
        assertThat(run("exec <&-; echo '{\"Username\":\"u\",\"Secret\":\"x\"}'", Duration.ofSeconds(30)))
                .contains(new Credentials.Basic("u", "x"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"echo s3cret; exit 1", "echo s3cret", "echo '[]'", "true", "kill -9 $$"})
    void refusesAFailureWithoutQuotingIt(String script) {
        assertThatThrownBy(() -> run(script, Duration.ofSeconds(30)))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll("docker-credential-test", "r.example")
                .hasMessageNotContaining("s3cret");
    }

    @Test
    void boundsTheOutput() {
        assertThatThrownBy(() -> run("cat /dev/zero", Duration.ofSeconds(30))).hasMessageContaining("more than 65536");
    }

    @Test
    void endsAHelperThatTakesTooLongWithAllItStarted() {
        assertThatThrownBy(() -> run("sleep 1000 & echo $! > $(dirname $0)/child; wait", Duration.ofMillis(500)))
                .hasMessageContaining("did not end within 500 ms");
        await().until(() -> !isRunning(directory.resolve("child")));
    }

    private static boolean isRunning(Path pidFile) throws IOException {
        if (!Files.exists(pidFile)) {
            return false;
        }
        Path stat = Path.of("/proc", Files.readString(pidFile).strip(), "stat");
        return Files.exists(stat) && !Files.readString(stat).contains(" Z ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "../x", "a/b", "a b", "-x", ".x"})
    void refusesNamesThatAreNone(String name) {
        assertThatThrownBy(() -> helpers(Duration.ofSeconds(1)).get(name, "r.example"))
                .hasMessageContaining("name of a credential helper");
    }

    @Test
    void tellsThatThereIsNoSuchHelper() {
        assertThatThrownBy(() -> helpers(Duration.ofSeconds(1)).get("none", "r.example"))
                .hasMessage(
                        "Tried to ask docker-credential-none about r.example but failed because: it was not found on"
                                + " the search path");
    }

    @Test
    void looksOnlyIntoAbsoluteDirectories() {
        CredentialHelpers nowhere = CredentialHelpers.on("::.:bin", Duration.ofSeconds(1));

        assertThatThrownBy(() -> nowhere.get("test", "r.example")).hasMessageContaining("not found");
    }
}
