package dev.sluice.credentials;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.registry.Credentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The programs are scripts, as users write them. */
class CredentialProvidersTest {
    private static final String HOST = "registry.local:5000";

    @TempDir
    Path directory;

    private final Time time = new Time();
    private final List<CredentialProviders> opened = new ArrayList<>();

    private static final class Time extends Clock {
        private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Instant instant() {
            return now;
        }
    }

    @AfterEach
    void close() {
        opened.forEach(CredentialProviders::close);
    }

    private CredentialProviders providers(String cache) throws IOException {
        Files.writeString(directory.resolve("providers.yaml"), """
                apiVersion: kubelet.config.k8s.io/v1
                kind: CredentialProviderConfig
                providers:
                - name: provider
                  apiVersion: credentialprovider.kubelet.k8s.io/v1
                  matchImages: ["registry.local:5000/team", "*.example.com"]
                  defaultCacheDuration: "%s"
                  args: [one, two words]
                  env:
                  - name: PROVIDER_NAME
                    value: from-env
                """.formatted(cache));
        CredentialProviders providers = new CredentialProviders(directory.resolve("providers.yaml"), directory, time);
        opened.add(providers);
        return providers;
    }

    private void program(String script) throws IOException {
        Path file = directory.resolve("provider");
        Files.writeString(file, "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    }

    /** Answers with the password of a file; notes each request in another one. */
    private void answering(String scope, String extra) throws IOException {
        program("""
                cat >> %1$s/requests; echo >> %1$s/requests; echo not for the log >&2
                printf '{"apiVersion":"credentialprovider.kubelet.k8s.io/v1","kind":"CredentialProviderResponse",'
                printf '"cacheKeyType":"%2$s",%3$s"auth":{"registry.local:5000":{"username":"%%s %%s %%s","password":"%%s"}}}' "$1" "$2" "$PROVIDER_NAME" "$(cat %1$s/password)"
                """.formatted(directory, scope, extra));
        Files.writeString(directory.resolve("password"), "p1");
    }

    private List<String> requests() throws IOException {
        Path file = directory.resolve("requests");
        return Files.exists(file) ? Files.readAllLines(file) : List.of();
    }

    private static Optional<Credentials> password(String password) {
        return Optional.of(new Credentials.Basic("one two words from-env", password));
    }

    @Test
    void showsWhetherItsProgramsAreThereAndAnswer() throws Exception {
        CredentialProviders providers = providers("0s");
        assertThat(providers.state())
                .isEqualTo(SourceState.broken("there is no program " + directory.resolve("provider")));

        answering("Registry", "");
        assertThat(providers.state())
                .isEqualTo(SourceState.works(directory.resolve("providers.yaml") + " has provider"));

        program("exit 3");
        assertThatThrownBy(() -> providers.credentials(HOST, "team")).isInstanceOf(IOException.class);
        assertThat(providers.state().level()).isEqualTo(SourceState.Level.BROKEN);
        assertThat(providers.state().explanation()).contains("it ended with status 3");

        answering("Registry", "");
        assertThat(providers.credentials(HOST, "team")).isPresent();
        assertThat(providers.state().level()).isEqualTo(SourceState.Level.WORKS);
    }

    @Test
    void showsThatTheConfigurationWasSpoilt() throws Exception {
        CredentialProviders providers = providers("0s");
        answering("Registry", "");
        Path file = directory.resolve("providers.yaml");
        Files.writeString(file, "kind: s3cret");
        Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2026-01-01T00:00:00Z")));

        assertThat(providers.state().level()).isEqualTo(SourceState.Level.BROKEN);
        assertThat(providers.state().explanation())
                .contains("it is not a CredentialProviderConfig")
                .doesNotContain("s3cret");
        assertThat(providers.credentials(HOST, "team")).isPresent();
    }

    @Test
    void asksAboutTheImagesThatItIsConfiguredFor() throws IOException {
        answering("Image", "");
        CredentialProviders providers = providers("1h");

        assertThat(providers.credentials(HOST, "team/app")).isEqualTo(password("p1"));
        assertThat(providers.credentials(HOST, "other/app")).isEmpty();
        assertThat(requests())
                .containsExactly("{\"apiVersion\":\"credentialprovider.kubelet.k8s.io/v1\","
                        + "\"kind\":\"CredentialProviderRequest\",\"image\":\"registry.local:5000/team/app\"}");
    }

    @Test
    void keepsAnAnswerForItsImageItsRegistryOrAll() throws IOException {
        for (String scope : List.of("Image", "Registry")) {
            Files.deleteIfExists(directory.resolve("requests"));
            answering(scope, "");
            CredentialProviders providers = providers("1h");
            providers.credentials(HOST, "team/app");
            providers.credentials(HOST, "team/app");
            providers.credentials(HOST, "team/other");
            assertThat(requests()).as(scope).hasSize(scope.equals("Image") ? 2 : 1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"cacheDuration\":\"10s\",", "\"cacheDuration\":null,", ""})
    void keepsItForItsTimeElseForTheUsualOne(String extra) throws IOException {
        answering("Image", extra);
        CredentialProviders providers = providers("10s");
        providers.credentials(HOST, "team/app");
        Files.writeString(directory.resolve("password"), "p2");
        time.now = time.now.plusMillis(9999);
        assertThat(providers.credentials(HOST, "team/app")).isEqualTo(password("p1"));
        time.now = time.now.plusMillis(1);
        assertThat(providers.credentials(HOST, "team/app")).isEqualTo(password("p2"));
    }

    @Test
    void keepsNothingForNoTime() throws IOException {
        answering("Global", "\"cacheDuration\":\"0s\",");
        CredentialProviders providers = providers("1h");
        providers.credentials(HOST, "team/app");
        providers.credentials(HOST, "team/app");

        assertThat(requests()).hasSize(2);
    }

    @Test
    void asksAgainWhenTheAnswerIsRefusedButNotAgainAndAgain() throws IOException {
        answering("Image", "");
        CredentialProviders providers = providers("1h");
        Credentials old = providers.credentials(HOST, "team/app").orElseThrow();
        Files.writeString(directory.resolve("password"), "p2");

        assertThat(providers.credentials(HOST, "team/app", Set.of(old))).isEmpty();
        time.now = time.now.plusSeconds(5);
        assertThat(providers.credentials(HOST, "team/app", Set.of(old))).isEqualTo(password("p2"));
        assertThat(requests()).hasSize(2);
    }

    @Test
    void staysWithAnOldAnswerWhenTheProgramFails() throws IOException {
        answering("Image", "");
        CredentialProviders providers = providers("10s");
        providers.credentials(HOST, "team/app");
        program("exit 3");
        time.now = time.now.plusSeconds(60);
        assertThat(providers.credentials(HOST, "team/app")).isEqualTo(password("p1"));
        time.now = time.now.plus(Duration.ofHours(1));
        assertThatThrownBy(() -> providers.credentials(HOST, "team/app"))
                .hasMessageContaining("credential provider provider")
                .hasMessageContaining("status 3");
    }

    @Test
    void oneRunServesAllWhoWaitForIt() throws Exception {
        answering("Image", "");
        Path file = directory.resolve("provider");
        Files.writeString(file, Files.readString(file).replace("#!/bin/sh\n", "#!/bin/sh\nsleep 0.5\n"));
        CredentialProviders providers = providers("1h");
        ExecutorService threads = Executors.newFixedThreadPool(8);
        Callable<Optional<Credentials>> ask = () -> providers.credentials(HOST, "team/app");
        try {
            for (Future<Optional<Credentials>> found : threads.invokeAll(Collections.nCopies(8, ask))) {
                assertThat(found.get()).isEqualTo(password("p1"));
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(requests()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "echo s3cret",
                "echo '{}'",
                "echo '{\"kind\":\"CredentialProviderResponse\",\"auth\":\"s3cret\"}'",
                "echo s3cret >&2; exit 1",
                "yes s3cret | head -c 2000000",
            })
    void neverRepeatsWhatTheProgramPrints(String script) throws IOException {
        program(script);
        CredentialProviders providers = providers("1h");

        assertThatThrownBy(() -> providers.credentials(HOST, "team/app"))
                .isInstanceOf(IOException.class)
                .hasMessageNotContaining("s3cret");
    }

    @Test
    void takesOverAChangedConfiguration() throws IOException {
        answering("Image", "");
        CredentialProviders providers = providers("1h");
        Path file = directory.resolve("providers.yaml");
        Files.writeString(file, Files.readString(file).replace("5000/team", "5000/other"));
        Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2020-01-01T00:00:00Z")));
        assertThat(providers.credentials(HOST, "team/app")).isEmpty();
        assertThat(providers.credentials(HOST, "other/app")).isEqualTo(password("p1"));

        Files.writeString(file, "nonsense");
        assertThat(providers.credentials(HOST, "other/app")).isEqualTo(password("p1"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "name: ../provider",
                "apiVersion: v9",
                "matchImages: []",
                "defaultCacheDuration: soon",
                "tokenAttributes: {requireServiceAccount: true}",
            })
    void refusesAConfigurationThatCannotBeFollowed(String line) throws IOException {
        var unused = providers("1h");
        Path file = directory.resolve("providers.yaml");
        String key = line.substring(0, line.indexOf(':'));
        String text = Files.readString(file);
        String changed = text.replaceFirst("(?m)^(  |- )" + key + ": .*$", "$1" + line.replace("$", "\\$"));
        Files.writeString(file, changed.equals(text) ? text + "  " + line + "\n" : changed);

        assertThatThrownBy(() -> new CredentialProviders(file, directory, time))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString());
    }
}
