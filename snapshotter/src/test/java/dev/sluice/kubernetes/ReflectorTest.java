package dev.sluice.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.TimeUnit;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a server that says what an API server says at the moments that are hard to bring about; the e2e tests have a real one. */
class ReflectorTest implements Reflector.Store {
    private static final String PATH = "api/v1/namespaces/n/secrets";

    @TempDir
    Path directory;

    private final MockWebServer server = new MockWebServer();
    private final Set<String> names = new ConcurrentSkipListSet<>();
    private KubernetesClient client;

    @BeforeEach
    void start() throws IOException {
        server.start();
        Path file = directory.resolve("kubeconfig");
        Files.writeString(file, """
                current-context: c
                contexts: [{name: c, context: {cluster: c, user: u}}]
                clusters: [{name: c, cluster: {server: "http://127.0.0.1:%d"}}]
                users: [{name: u, user: {token: s3cret}}]
                """.formatted(server.getPort()));
        client = new KubernetesClient(ApiServer.ofKubeconfig(file));
    }

    @AfterEach
    void close() {
        client.close();
        server.close();
    }

    @Override
    public void replace(List<JsonNode> objects) {
        names.clear();
        objects.forEach(this::put);
    }

    @Override
    public void put(JsonNode object) {
        names.add(object.path("metadata").path("name").asText());
    }

    @Override
    public void remove(JsonNode object) {
        names.remove(object.path("metadata").path("name").asText());
    }

    private static String object(String name, int version) {
        return "{\"metadata\":{\"name\":\"" + name + "\",\"resourceVersion\":\"" + version + "\"}}";
    }

    private void list(int version, String rest, String... objects) {
        server.enqueue(new MockResponse.Builder()
                .body("{\"kind\":\"SecretList\",\"metadata\":{\"resourceVersion\":\"" + version + "\"" + rest
                        + "},\"items\":[" + String.join(",", objects) + "]}")
                .build());
    }

    private void events(String... events) {
        server.enqueue(new MockResponse.Builder()
                .body(String.join("\n", events) + "\n")
                .build());
    }

    private static String event(String type, String object) {
        return "{\"type\":\"" + type + "\",\"object\":" + object + "}";
    }

    private RecordedRequest request() throws InterruptedException {
        RecordedRequest request = server.takeRequest(20, TimeUnit.SECONDS);
        if (request == null) {
            throw new AssertionError("no other request arrived");
        }
        return request;
    }

    @Test
    void followsWhatIsAddedChangedAndDeletedFromThePlaceItHasComeTo() throws Exception {
        list(5, "", object("a", 3), object("b", 4));
        events(
                event("ADDED", object("c", 6)),
                event("DELETED", object("a", 7)),
                event("BOOKMARK", "{\"metadata\":{\"resourceVersion\":\"9\"}}"));
        events(event("MODIFIED", object("d", 10)));
        try (Reflector reflector = new Reflector(client, PATH, Map.of("fieldSelector", "type=x"), this)) {
            assertThat(reflector).isNotNull();
            RecordedRequest list = request();
            assertThat(list.getUrl().encodedPath()).isEqualTo("/" + PATH);
            assertThat(list.getUrl().queryParameter("fieldSelector")).isEqualTo("type=x");
            assertThat(list.getHeaders().get("Authorization")).isEqualTo("Bearer s3cret");
            RecordedRequest watch = request();
            assertThat(watch.getUrl().queryParameter("watch")).isEqualTo("true");
            assertThat(watch.getUrl().queryParameter("allowWatchBookmarks")).isEqualTo("true");
            assertThat(watch.getUrl().queryParameter("resourceVersion")).isEqualTo("5");
            assertThat(request().getUrl().queryParameter("resourceVersion")).isEqualTo("9");
            await().untilAsserted(() -> assertThat(names).containsExactly("b", "c", "d"));
        }
    }

    @Test
    void listsAgainWhenTheServerHasForgottenThatPlace() throws Exception {
        list(5, "", object("a", 3));
        events(event("ERROR", "{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\"}"));
        list(20, "", object("z", 19));
        try (Reflector reflector = new Reflector(client, PATH, Map.of(), this)) {
            assertThat(reflector).isNotNull();
            await().untilAsserted(() -> assertThat(names).containsExactly("z"));
        }
    }

    @Test
    void keepsWhatItKnowsWhileTheServerIsAway() throws Exception {
        list(5, "", object("a", 3));
        server.enqueue(new MockResponse.Builder().code(503).build());
        server.enqueue(new MockResponse.Builder().code(500).body("nonsense").build());
        list(6, "", object("b", 6));
        try (Reflector reflector = new Reflector(client, PATH, Map.of(), this)) {
            assertThat(reflector).isNotNull();
            var unused = List.of(request(), request(), request());
            assertThat(names).containsExactly("a");
            await().untilAsserted(() -> assertThat(names).containsExactly("b"));
        }
    }

    @Test
    void listsPageByPage() throws Exception {
        list(5, ",\"continue\":\"more\"", object("a", 3));
        list(5, "", object("b", 4));

        assertThat(client.list(PATH, Map.of()).items()).hasSize(2);
        assertThat(request().getUrl().queryParameter("continue")).isNull();
        assertThat(request().getUrl().queryParameter("continue")).isEqualTo("more");
    }

    @Test
    void changesAnObject() throws Exception {
        server.enqueue(new MockResponse.Builder().body(object("node", 2)).build());
        JsonNode patch = KubernetesYaml.object("{metadata: {labels: {a: b}}}".getBytes(StandardCharsets.UTF_8));

        assertThat(client.patch("api/v1/nodes/node", KubernetesClient.PatchType.MERGE, patch)
                        .path("metadata")
                        .path("name")
                        .asText())
                .isEqualTo("node");
        RecordedRequest request = request();
        assertThat(request.getMethod()).isEqualTo("PATCH");
        assertThat(request.getHeaders().get("Content-Type")).isEqualTo("application/merge-patch+json");
        assertThat(request.getBody().utf8()).isEqualTo(patch.toString());
    }

    @Test
    void saysWhatTheServerSaidAndNoSecret() {
        server.enqueue(new MockResponse.Builder()
                .code(403)
                .body("{\"kind\":\"Status\",\"message\":\"secrets is forbidden: User x cannot list\"}")
                .build());

        assertThatThrownBy(() -> client.get(PATH))
                .isInstanceOfSatisfying(
                        KubernetesException.class, e -> assertThat(e.status()).isEqualTo(403))
                .hasMessageContaining("cannot list")
                .hasMessageNotContaining("s3cret");
    }
}
