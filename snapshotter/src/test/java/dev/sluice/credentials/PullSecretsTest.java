package dev.sluice.credentials;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.kubernetes.ApiServer;
import dev.sluice.kubernetes.KubernetesClient;
import dev.sluice.kubernetes.LittleApiServer;
import dev.sluice.registry.Credentials;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PullSecretsTest {
    private static final String HOST = "registry.example:5000";
    private static final String TYPE = "kubernetes.io/dockerconfigjson";
    private static final String FIELD = ".dockerconfigjson";
    private static final String OLD_TYPE = "kubernetes.io/dockercfg";
    private static final String OLD_FIELD = ".dockercfg";

    @TempDir
    Path directory;

    private final LittleApiServer server = new LittleApiServer();
    private final List<PullSecrets> opened = new ArrayList<>();

    PullSecretsTest() throws IOException {}

    @AfterEach
    void close() {
        opened.forEach(PullSecrets::close);
        server.close();
    }

    private PullSecrets follow(List<String> namespaces, String... names) throws IOException {
        PullSecrets secrets = new PullSecrets(
                new KubernetesClient(ApiServer.ofKubeconfig(server.kubeconfig(directory))), namespaces, List.of(names));
        opened.add(secrets);
        return secrets;
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
    }

    private static String auths(String password) {
        return "{\"" + HOST + "\": {\"username\": \"alice\", \"password\": \"" + password + "\"}}";
    }

    private void put(String namespace, String name, String password) {
        server.put(namespace, name, TYPE, FIELD, base64("{\"auths\": " + auths(password) + "}"));
    }

    private static Optional<Credentials> alice(String password) {
        return Optional.of(new Credentials.Basic("alice", password));
    }

    private static void awaitKnown(PullSecrets secrets, Optional<Credentials> expected) {
        // Before the first list it cannot tell.
        await().ignoreExceptionsInstanceOf(IOException.class)
                .untilAsserted(
                        () -> assertThat(secrets.credentials(HOST, "team/app")).isEqualTo(expected));
    }

    private static void awaitState(PullSecrets secrets, SourceState expected) {
        await().untilAsserted(() -> assertThat(secrets.state()).isEqualTo(expected));
    }

    @Test
    void thoseThatAreThereServeAtOnce() throws Exception {
        put("shared", "pull", "p1");
        PullSecrets secrets = follow(List.of("shared"));

        assertThat(secrets.credentials(HOST, "team/app")).isEqualTo(alice("p1"));
        assertThat(secrets.credentials(HOST)).isEqualTo(alice("p1"));
        assertThat(secrets.credentials("registry.example", "team/app")).isEmpty();
        assertThat(secrets.credentials(HOST, "team/app", Set.of(alice("p1").orElseThrow())))
                .isEmpty();
        awaitState(secrets, SourceState.works("1 pull secret of shared followed"));
    }

    @Test
    void followsWhatIsAddedChangedAndDeleted() throws Exception {
        PullSecrets secrets = follow(List.of("shared"));
        assertThat(secrets.credentials(HOST, "team/app")).isEmpty();
        awaitState(secrets, SourceState.empty("0 pull secrets of shared"));

        put("shared", "pull", "p1");
        awaitKnown(secrets, alice("p1"));
        put("shared", "pull", "p2");
        awaitKnown(secrets, alice("p2"));
        put("shared", "second", "p3");
        await().untilAsserted(() -> assertThat(
                        secrets.credentials(HOST, "team/app", Set.of(alice("p2").orElseThrow())))
                .isEqualTo(alice("p3")));
        server.delete("shared", "pull");
        awaitKnown(secrets, alice("p3"));
        server.endWatches();
        server.delete("shared", "second");
        awaitKnown(secrets, Optional.empty());
    }

    @Test
    void theOldTypeServesToo() throws Exception {
        server.put("shared", "old", OLD_TYPE, OLD_FIELD, base64(auths("p1")));
        PullSecrets secrets = follow(List.of("shared"));

        assertThat(secrets.credentials(HOST, "team/app")).isEqualTo(alice("p1"));
        server.put("shared", "old", OLD_TYPE, OLD_FIELD, base64(auths("p2")));
        awaitKnown(secrets, alice("p2"));
    }

    @Test
    void secretsOfOtherTypesAndNamespacesAreNotUsed() throws Exception {
        put("other", "pull", "p1");
        server.put("shared", "opaque", "Opaque", FIELD, base64("{\"auths\": " + auths("p2") + "}"));
        PullSecrets secrets = follow(List.of("shared"));
        assertThat(secrets.credentials(HOST, "team/app")).isEmpty();

        put("other", "pull", "p3");
        put("shared", "last", "p4");
        awaitKnown(secrets, alice("p4"));
        assertThat(secrets.credentials(HOST, "team/app", Set.of(alice("p4").orElseThrow())))
                .isEmpty();
        assertThat(server.requests()).noneMatch(request -> request.contains(" other "));
    }

    @Test
    void earlierNamespacesAndOnlyTheNamedSecretsCount() throws Exception {
        put("b", "pull", "of b");
        put("a", "pull", "of a");
        put("b", "another", "not named");
        PullSecrets secrets = follow(List.of("b", "a"), "pull");

        assertThat(secrets.credentials(HOST, "x")).isEqualTo(alice("of b"));
        Credentials ofB = alice("of b").orElseThrow();
        await().untilAsserted(() ->
                assertThat(secrets.credentials(HOST, "x", Set.of(ofB))).isEqualTo(alice("of a")));
        assertThat(secrets.credentials(HOST, "x", Set.of(ofB, alice("of a").orElseThrow())))
                .isEmpty();
        assertThat(server.requests()).allSatisfy(request -> assertThat(request).endsWith(" metadata.name=pull"));
    }

    @Test
    void aSecretThatIsMalformedIsPassedOverAndNoLongerUsed() throws Exception {
        put("shared", "good", "p1");
        server.put("shared", "bad", TYPE, FIELD, base64("{\"auths\": s3cret"));
        server.put("shared", "worse", TYPE, FIELD, "s3cret, and not Base64");
        server.put("shared", "bare", TYPE, "password", base64("s3cret"));
        PullSecrets secrets = follow(List.of("shared"));
        assertThat(secrets.credentials(HOST, "team/app")).isEqualTo(alice("p1"));

        server.put("shared", "good", TYPE, FIELD, base64("[]"));
        awaitKnown(secrets, Optional.empty());
        assertThat(secrets.state()).isEqualTo(SourceState.empty("0 pull secrets of shared"));
    }

    @Test
    void listsAgainWhenTheServerHasForgottenWhatWasInBetween() throws Exception {
        put("shared", "deleted", "p1");
        PullSecrets secrets = follow(List.of("shared"));
        assertThat(secrets.credentials(HOST, "team/app")).isEqualTo(alice("p1"));

        server.forget(() -> {
            server.delete("shared", "deleted");
            put("shared", "pull", "p2");
        });
        awaitKnown(secrets, alice("p2"));
        awaitState(secrets, SourceState.works("1 pull secret of shared followed"));
    }

    @Test
    void whoMayNotListIsToldSoUntilItMay() throws Exception {
        server.forbid("list");
        put("shared", "pull", "p1");
        PullSecrets secrets = follow(List.of("shared"));

        assertThatThrownBy(() -> secrets.credentials(HOST, "team/app"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("could not be read from the Kubernetes API yet")
                .hasMessageContaining("it answered 403: secrets is forbidden: User \"sluice\" cannot list secrets");
        assertThat(secrets.state().level()).isEqualTo(SourceState.Level.BROKEN);
        assertThat(secrets.state().explanation())
                .contains("cannot list secrets")
                .doesNotContain(LittleApiServer.TOKEN);

        server.allow("list");
        awaitKnown(secrets, alice("p1"));
    }

    /** Its pauses grow, for the lists that succeed in between are no sign that it can follow. */
    @Test
    void whoMayListButNotWatchUsesTheListsAndIsToldSo() throws Exception {
        server.forbid("watch");
        put("shared", "pull", "p1");
        PullSecrets secrets = follow(List.of("shared"));
        assertThat(secrets.credentials(HOST, "team/app")).isEqualTo(alice("p1"));
        await().until(() -> secrets.state().level() == SourceState.Level.BROKEN);

        put("shared", "pull", "p2");
        await().until(() -> {
            assertThat(secrets.state().level()).isEqualTo(SourceState.Level.BROKEN);
            return secrets.credentials(HOST, "team/app").equals(alice("p2"));
        });
        assertThat(secrets.state().explanation())
                .contains("cannot watch secrets")
                .endsWith("; what was known before stays in use: 1 pull secret of shared");

        server.allow("watch");
        awaitState(secrets, SourceState.works("1 pull secret of shared followed"));
    }

    @Test
    void whatWasKnownStaysInUseWhileTheServerIsAway() throws Exception {
        put("shared", "pull", "p1");
        PullSecrets secrets = follow(List.of("shared"));
        assertThat(secrets.credentials(HOST, "team/app")).isEqualTo(alice("p1"));

        server.close();
        await().until(() -> secrets.state().level() == SourceState.Level.BROKEN);
        assertThat(secrets.credentials(HOST, "team/app")).isEqualTo(alice("p1"));
    }
}
