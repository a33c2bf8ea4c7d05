package dev.sluice.credentials;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.registry.Credentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DockerConfigCredentialsTest {
    private static final Credentials ALICE = new Credentials.Basic("alice", "se:cret");
    private static final String AUTH = base64("alice:se:cret");

    @TempDir
    private Path directory;

    private DockerConfigCredentials source = new DockerConfigCredentials(
            Path.of("/nonexistent"), new CredentialHelpers(List.of(), Duration.ofSeconds(1)));

    @BeforeEach
    void open() {
        source = new DockerConfigCredentials(
                directory.resolve("config.json"), new CredentialHelpers(List.of(directory), Duration.ofSeconds(30)));
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
    }

    private void config(String json) throws IOException {
        Files.writeString(directory.resolve("config.json"), json);
    }

    private void helper(String name, String script) throws IOException {
        Path file = directory.resolve("docker-credential-" + name);
        Files.writeString(file, "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    }

    @Test
    void knowsNothingWithoutAFile() throws Exception {
        assertThat(source.credentials("ghcr.io")).isEmpty();
    }

    @Test
    void readsUserAndPassword() throws Exception {
        config("""
                {"auths": {"ghcr.io": {"auth": "%s"},
                           "quay.io": {"username": "alice", "password": "se:cret"},
                           "empty.example": {}}}
                """.formatted(AUTH));

        assertThat(source.credentials("ghcr.io")).contains(ALICE);
        assertThat(source.credentials("quay.io")).contains(ALICE);
        assertThat(source.credentials("empty.example")).isEmpty();
        assertThat(source.credentials("other.example")).isEmpty();
    }

    @Test
    void showsWhatTheFileHas() throws Exception {
        assertThat(source.state()).isEqualTo(SourceState.empty("there is no " + directory.resolve("config.json")));
        config("{\"auths\": {\"ghcr.io\": {}}}");
        assertThat(source.state())
                .isEqualTo(SourceState.empty(directory.resolve("config.json") + " has no credentials"));
        config("""
                {"auths": {"https://r.example:5000/v2/": {"auth": "%s"}, "quay.io": {"auth": "%1$s"}}}
                """.formatted(AUTH));
        assertThat(source.state())
                .isEqualTo(SourceState.works(
                        directory.resolve("config.json") + " has credentials for quay.io, r.example:5000"));
    }

    @Test
    void showsWhyItCannotBeAsked() throws Exception {
        config("{\"auths\": {\"ghcr.io\": {\"auth\": \"s3cret\"}}}");
        assertThat(source.state().level()).isEqualTo(SourceState.Level.BROKEN);
        assertThat(source.state().explanation())
                .contains("the auth of ghcr.io is not")
                .doesNotContain("s3cret");

        config("{\"credsStore\": \"pass\", \"credHelpers\": {\"ghcr.io\": \"../evil\"}}");
        assertThat(source.state().level()).isEqualTo(SourceState.Level.BROKEN);
        assertThat(source.state().explanation()).contains("docker-credential-../evil, docker-credential-pass");

        config("{\"credsStore\": \"pass\"}");
        helper("pass", "exit 1");
        assertThat(source.state()).isEqualTo(SourceState.works(directory.resolve("config.json") + " has helpers pass"));
    }

    @Test
    void readsTokens() throws Exception {
        config("""
                {"auths": {"a.example": {"auth": "%s", "identitytoken": "id"}, "b.example": {"registrytoken": "rt"}}}
                """.formatted(base64("00000000-0000-0000-0000-000000000000:")));

        assertThat(source.credentials("a.example")).contains(new Credentials.IdentityToken("id"));
        assertThat(source.credentials("b.example")).contains(new Credentials.RegistryToken("rt"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://index.docker.io/v1/",
                "index.docker.io",
                "docker.io",
                "https://docker.io",
                "https://registry-1.docker.io/v2/"
            })
    void knowsTheNamesOfDockerHub(String key) throws Exception {
        config("{\"auths\": {\"%s\": {\"auth\": \"%s\"}}}".formatted(key, AUTH));

        assertThat(source.credentials("docker.io")).contains(ALICE);
    }

    @Test
    void prefersTheKeyThatDockerItselfWrites() throws Exception {
        config("""
                {"auths": {"docker.io": {"auth": "%1$s"}, "https://index.docker.io/v1/": {"auth": "%2$s"},
                           "registry-1.docker.io": {"auth": "%1$s"}}}
                """.formatted(base64("bob:x"), AUTH));

        assertThat(source.credentials("docker.io")).contains(ALICE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://r.example:5000", "http://r.example:5000/", "r.example:5000/v2/", "r.example:5000"})
    void takesUrlsForHosts(String key) throws Exception {
        config("{\"auths\": {\"%s\": {\"auth\": \"%s\"}}}".formatted(key, AUTH));

        assertThat(source.credentials("r.example:5000")).contains(ALICE);
        assertThat(source.credentials("r.example")).isEmpty();
    }

    @Test
    void doesNotTakeCredentialsOfAPartForTheWhole() throws Exception {
        config("{\"auths\": {\"r.example/team\": {\"auth\": \"%s\"}}}".formatted(AUTH));

        assertThat(source.credentials("r.example")).isEmpty();
    }

    @Test
    void prefersTheLongestPathThatARepositoryIsBelow() throws Exception {
        config("""
                {"auths": {"r.example": {"auth": "%s"}, "r.example/team": {"auth": "%s"},
                           "https://r.example/team/app/": {"auth": "%s"}}}
                """.formatted(base64("whole:x"), base64("team:x"), base64("app:x")));

        assertThat(source.credentials("r.example", "team/app")).contains(new Credentials.Basic("app", "x"));
        assertThat(source.credentials("r.example", "team/app/sub")).contains(new Credentials.Basic("app", "x"));
        assertThat(source.credentials("r.example", "team/application")).contains(new Credentials.Basic("team", "x"));
        assertThat(source.credentials("r.example", "teams")).contains(new Credentials.Basic("whole", "x"));
        assertThat(source.credentials("r.example")).contains(new Credentials.Basic("whole", "x"));
    }

    @Test
    void takesAUrlWithAPathForTheWholeRegistryIfNothingElseFits() throws Exception {
        config("{\"auths\": {\"https://r.example/some/path\": {\"auth\": \"%s\"}}}".formatted(AUTH));

        assertThat(source.credentials("r.example", "team/app")).contains(ALICE);
        assertThat(source.credentials("r.example")).contains(ALICE);
    }

    @Test
    void readsTheFileAgainWhenItChanges() throws Exception {
        config("{\"auths\": {\"r.example\": {\"auth\": \"%s\"}}}".formatted(AUTH));
        assertThat(source.credentials("r.example")).contains(ALICE);

        config("{\"auths\": {\"r.example\": {\"auth\": \"%s\"}}}".formatted(base64("alica:se:cret")));
        Files.setLastModifiedTime(
                directory.resolve("config.json"), FileTime.from(Instant.now().plusSeconds(5)));
        assertThat(source.credentials("r.example")).contains(new Credentials.Basic("alica", "se:cret"));

        Files.delete(directory.resolve("config.json"));
        assertThat(source.credentials("r.example")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "s3cret",
                "[\"s3cret\"]",
                "{\"auths\": {\"r.example\": {\"auth\": \"s3cret!\"}}}",
                "{\"auths\": {\"r.example\": {\"auth\": \"czNjcmV0\"}}}",
            })
    void refusesAMalformedFileWithoutQuotingIt(String json) throws Exception {
        config(json);

        assertThatThrownBy(() -> source.credentials("r.example"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(directory.resolve("config.json").toString())
                .hasMessageNotContainingAny("s3cret", "czNjcmV0");
    }

    @Test
    void refusesAHugeFile() throws Exception {
        config(" ".repeat(2 << 20) + "{}");

        assertThatThrownBy(() -> source.credentials("r.example")).hasMessageContaining("more than");
    }

    @Test
    void readsOrRefusesDamagedFiles() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        String sound = """
                {"auths": {"https://r.example/v1/": {"auth": "%s"}}, "credHelpers": {"x.example": "x"}, "credsStore": "y"}
                """.formatted(AUTH);
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = sound.getBytes(UTF_8);
            for (int damage = random.nextInt(3); damage >= 0; damage--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            try {
                assertThat(DockerConfig.parse(bytes).auths().size()).isLessThanOrEqualTo(1);
            } catch (IOException e) {
                refused++;
            }
        }
        assertThat(refused).isPositive();
    }

    @Test
    void asksTheHelperOfAHostBeforeTheStore() throws Exception {
        helper(
                "one",
                "cat > $(dirname $0)/asked; echo '{\"ServerURL\":\"x\",\"Username\":\"alice\",\"Secret\":\"se:cret\"}'");
        helper("all", "echo '{\"Username\":\"<token>\",\"Secret\":\"id\"}'");
        config("{\"credHelpers\": {\"r.example\": \"one\"}, \"credsStore\": \"all\"}");

        assertThat(source.credentials("r.example")).contains(ALICE);
        assertThat(directory.resolve("asked")).hasContent("r.example");
        assertThat(source.credentials("other.example")).contains(new Credentials.IdentityToken("id"));
    }

    @Test
    void callsDockerHubToHelpersAsDockerDoes() throws Exception {
        helper("all", "cat > $(dirname $0)/asked; echo '{\"Username\":\"alice\",\"Secret\":\"se:cret\"}'");
        config("{\"credsStore\": \"all\"}");

        assertThat(source.credentials("docker.io")).contains(ALICE);
        assertThat(directory.resolve("asked")).hasContent("https://index.docker.io/v1/");
    }

    @Test
    void fallsBackToTheFileIfTheHelperKnowsNothing() throws Exception {
        helper("all", "echo 'credentials not found in native keychain'; exit 1");
        config("{\"credsStore\": \"all\", \"auths\": {\"r.example\": {\"auth\": \"%s\"}}}".formatted(AUTH));

        assertThat(source.credentials("r.example")).contains(ALICE);
        assertThat(source.credentials("other.example")).isEmpty();
    }
}
