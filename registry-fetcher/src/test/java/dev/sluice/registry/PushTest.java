package dev.sluice.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PushTest {
    private static final byte[] BLOB = "the index of a layer".getBytes(UTF_8);
    private static final Digest DIGEST = Digest.sha256(BLOB);
    private static final Descriptor DESCRIPTOR = new Descriptor("x/y", DIGEST, BLOB.length);
    private static final byte[] MANIFEST = "{\"schemaVersion\":2,\"config\":{},\"layers\":[]}".getBytes(UTF_8);
    private static final Credentials BASIC = new Credentials.Basic("alice", "s3cret");

    private final FakeTime time = new FakeTime();
    private final ScriptedRegistry registry = new ScriptedRegistry();
    private final ScriptedRegistry elsewhere = new ScriptedRegistry();
    private final RegistryClient client = registry.client(time);

    PushTest() throws IOException {}

    @AfterEach
    void close() {
        client.close();
        registry.close();
        elsewhere.close();
    }

    private static MockResponse.Builder missing() {
        return ScriptedRegistry.status(404);
    }

    private static MockResponse.Builder started(String location) {
        return ScriptedRegistry.status(202).setHeader("Location", location);
    }

    private static MockResponse.Builder created() {
        return ScriptedRegistry.status(201).setHeader("Docker-Content-Digest", DIGEST.toString());
    }

    private static MockResponse.Builder error(int status, String code) {
        return ScriptedRegistry.status(status)
                .setHeader("Content-Type", "application/json")
                .body("{\"errors\":[{\"code\":\"" + code + "\",\"message\":\"secret\"}]}");
    }

    private ImageReference repository() {
        return registry.image("v1");
    }

    private List<String> lines(ScriptedRegistry of) throws InterruptedException {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < of.requests(); i++) {
            RecordedRequest request = of.request();
            lines.add(request.getMethod() + " " + request.getTarget());
        }
        return lines;
    }

    @Test
    void aBlobIsPutWhereTheRegistryWantsIt() throws Exception {
        registry.answers(missing())
                .answers(started("/upload/7?_state=a%2Bb%3D"))
                .answers(created());

        client.pushBlob(repository(), DESCRIPTOR, BLOB);

        assertThat(registry.request().getTarget()).isEqualTo("/v2/team/app/blobs/" + DIGEST);
        RecordedRequest start = registry.request();
        assertThat(start.getMethod()).isEqualTo("POST");
        assertThat(start.getTarget()).isEqualTo("/v2/team/app/blobs/uploads/");
        assertThat(start.getHeaders().get("Content-Length")).isEqualTo("0");
        RecordedRequest put = registry.request();
        assertThat(put.getMethod()).isEqualTo("PUT");
        assertThat(put.getUrl().encodedPath()).isEqualTo("/upload/7");
        assertThat(put.getUrl().queryParameter("_state")).isEqualTo("a+b=");
        assertThat(put.getUrl().queryParameter("digest")).isEqualTo(DIGEST.toString());
        assertThat(put.getHeaders().get("Content-Type")).isEqualTo("application/octet-stream");
        assertThat(put.getHeaders().get("Content-Length")).isEqualTo(String.valueOf(BLOB.length));
        assertThat(put.getBody()).isNotNull();
        assertThat(put.getBody().toByteArray()).isEqualTo(BLOB);
    }

    @Test
    void aBlobThatIsThereIsNotPutAgain() throws Exception {
        registry.answers(ScriptedRegistry.status(200));

        client.pushBlob(repository(), DESCRIPTOR, BLOB);

        assertThat(registry.requests()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 403, 405})
    void aRegistryThatDoesNotLetLookForABlobMayStillTakeIt(int status) throws Exception {
        registry.answers(ScriptedRegistry.status(status)).answers(started("/u")).answers(created());

        client.pushBlob(repository(), DESCRIPTOR, BLOB);

        assertThat(registry.requests()).isEqualTo(3);
    }

    @Test
    void aFileIsPutAsItIs(@TempDir Path directory) throws Exception {
        Path file = Files.write(directory.resolve("blob"), BLOB);
        registry.answers(missing()).answers(started("/u")).answers(created());

        client.pushBlob(repository(), DESCRIPTOR, file, Deadline.after(Duration.ofMinutes(1), time));

        registry.request();
        registry.request();
        assertThat(registry.request().getBody())
                .isNotNull()
                .extracting(b -> b.toByteArray())
                .isEqualTo(BLOB);
    }

    @Test
    void aFileThatIsNotThereIsNoMatterOfTheRegistry(@TempDir Path directory) {
        assertThatThrownBy(() -> client.pushBlob(
                        repository(),
                        DESCRIPTOR,
                        directory.resolve("missing"),
                        Deadline.after(Duration.ofMinutes(1), time)))
                .isInstanceOf(RegistryException.Protocol.class)
                .hasMessageStartingWith("Tried to push the blob " + DIGEST + " to " + registry.host())
                .hasMessageContaining("cannot be read");
        assertThat(registry.requests()).isZero();
    }

    @Test
    void aBlobOfAnotherSizeIsNotSent() {
        Descriptor longer = new Descriptor("x/y", DIGEST, BLOB.length + 1);

        assertThatThrownBy(() -> client.pushBlob(repository(), longer, BLOB))
                .isInstanceOf(RegistryException.Protocol.class)
                .hasMessageContaining("its descriptor says " + (BLOB.length + 1));
        assertThat(registry.requests()).isZero();
    }

    @Test
    void theCredentialsStayWithTheRegistryIfTheBytesGoElsewhere() throws Exception {
        registry.answers(ScriptedRegistry.status(401).setHeader("WWW-Authenticate", "Basic realm=\"r\""))
                .answers(missing())
                .answers(ScriptedRegistry.status(401).setHeader("WWW-Authenticate", "Basic realm=\"r\""))
                .answers(started(elsewhere.url("/store?sig=s1gned")));
        elsewhere.answers(created());

        try (RegistryClient known = registry.client(time, host -> Optional.of(BASIC), RegistryOptions.defaults())) {
            known.pushBlob(repository(), DESCRIPTOR, BLOB);
        }

        registry.request();
        assertThat(registry.request().getHeaders().get("Authorization")).startsWith("Basic ");
        registry.request();
        assertThat(registry.request().getHeaders().get("Authorization")).startsWith("Basic ");
        RecordedRequest put = elsewhere.request();
        assertThat(put.getHeaders().get("Authorization")).isNull();
        assertThat(put.getUrl().queryParameter("sig")).isEqualTo("s1gned");
    }

    @Test
    void whatTheStoreAnswersNamesTheStoreButNotItsSignature() {
        registry.answers(missing()).answers(started(elsewhere.url("/store?sig=s1gned")));
        elsewhere.answers(ScriptedRegistry.status(403));

        assertThatThrownBy(() -> client.pushBlob(repository(), DESCRIPTOR, BLOB))
                .isInstanceOf(RegistryException.Unauthorized.class)
                .hasMessageContaining("127.0.0.1 answered 403")
                .hasMessageNotContaining("s1gned");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "http://store.example/u", "http://user:pw@127.0.0.1/u", "ftp://127.0.0.1/u"})
    void anUploadIsNotFollowedEverywhere(String location) {
        registry.answers(missing());
        registry.answers(location.isEmpty() ? ScriptedRegistry.status(202) : started(location));

        assertThatThrownBy(() -> client.pushBlob(repository(), DESCRIPTOR, BLOB))
                .isInstanceOf(RegistryException.Protocol.class)
                .hasMessageNotContaining("pw");
        assertThat(registry.requests()).isEqualTo(2);
    }

    @Test
    void anUploadThatBreaksOffIsBegunAnew() throws Exception {
        registry.answers(missing())
                .answers(started("/u1"))
                .answers(new MockResponse.Builder().onRequestBody(new SocketEffect.CloseSocket()))
                .answers(missing())
                .answers(started("/u2"))
                .answers(created());

        client.pushBlob(repository(), DESCRIPTOR, BLOB);

        assertThat(time.pauses).hasSize(1);
        assertThat(lines(registry)).last().asString().startsWith("PUT /u2?digest=");
    }

    @Test
    void anUploadWhoseAnswerIsLostIsFoundDone() throws Exception {
        registry.answers(missing())
                .answers(started("/u1"))
                .answers(ScriptedRegistry.status(504))
                .answers(ScriptedRegistry.status(200));

        client.pushBlob(repository(), DESCRIPTOR, BLOB);

        assertThat(lines(registry)).last().asString().startsWith("HEAD ");
    }

    @Test
    void anUploadIsGivenUpIfItFailsAgainAndAgain() {
        for (int i = 0; i < 6; i++) {
            registry.answers(missing()).answers(started("/u" + i)).answers(ScriptedRegistry.status(503));
        }

        assertThatThrownBy(() -> client.pushBlob(repository(), DESCRIPTOR, BLOB))
                .isInstanceOf(RegistryException.Unavailable.class)
                .hasMessageContaining("the registry answered 503");
        assertThat(registry.requests()).isEqualTo(18);
    }

    @ParameterizedTest
    @CsvSource({"401, UNAUTHORIZED", "403, DENIED"})
    void whoMayNotPushIsTold(int status, String code) {
        registry.answers(missing()).answers(error(status, code));

        assertThatThrownBy(() -> client.pushBlob(repository(), DESCRIPTOR, BLOB))
                .isInstanceOf(RegistryException.Unauthorized.class)
                .hasMessageStartingWith(
                        "Tried to push the blob " + DIGEST + " to " + registry.host() + " but failed because:")
                .hasMessageNotContaining("message");
    }

    @ParameterizedTest
    @CsvSource({"405, METHOD_NOT_ALLOWED", "405, UNSUPPORTED", "400, UNSUPPORTED"})
    void aRegistryThatTakesNothingIsTold(int status, String code) {
        registry.answers(missing()).answers(error(status, code));

        assertThatThrownBy(() -> client.pushBlob(repository(), DESCRIPTOR, BLOB))
                .isInstanceOf(RegistryException.Unsupported.class)
                .hasMessageContaining("the registry answered " + status + " (" + code + ")");
    }

    @Test
    void theTokenForPushingIsAnotherThanTheOneForPulling() throws Exception {
        String challenge = "Bearer realm=\"" + elsewhere.url("/token") + "\",service=\"s\"";
        registry.answers(ScriptedRegistry.status(401).setHeader("WWW-Authenticate", challenge))
                .answers(missing())
                .answers(ScriptedRegistry.status(401).setHeader("WWW-Authenticate", challenge))
                .answers(started("/u"))
                .answers(created());
        elsewhere
                .answers(ScriptedRegistry.status(200).body("{\"token\":\"pulls\"}"))
                .answers(ScriptedRegistry.status(200).body("{\"token\":\"pushes\"}"));

        client.pushBlob(repository(), DESCRIPTOR, BLOB);

        assertThat(elsewhere.request().getUrl().queryParameter("scope")).isEqualTo("repository:team/app:pull");
        assertThat(elsewhere.request().getUrl().queryParameter("scope")).isEqualTo("repository:team/app:pull,push");
        List<String> authorizations = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            authorizations.add(String.valueOf(registry.request().getHeaders().get("Authorization")));
        }
        assertThat(authorizations).containsExactly("null", "Bearer pulls", "null", "Bearer pushes", "Bearer pushes");
    }

    @Test
    void aMirrorIsNeverWrittenTo(@TempDir Path certs) throws Exception {
        Path directory = Files.createDirectories(certs.resolve("registry.example"));
        Files.writeString(directory.resolve("hosts.toml"), """
                server = "http://%s"
                [host."http://%s"]
                """.formatted(registry.host(), elsewhere.host()));
        registry.answers(missing())
                .answers(started("/u"))
                .answers(created())
                .answers(ScriptedRegistry.status(201))
                .answers(manifest())
                .answers(ScriptedRegistry.status(202));
        try (RegistryClient mirrored = registry.client(
                time, CredentialSource.anonymous(), RegistryOptions.defaults().withHostDirectories(List.of(certs)))) {
            ImageReference image = ImageReference.parse("registry.example/team/app");
            mirrored.pushBlob(image, DESCRIPTOR, BLOB);
            mirrored.putManifest(image.withTag("v1"), MediaTypes.OCI_MANIFEST, MANIFEST);
            mirrored.deleteManifest(image.withDigest(Digest.sha256(MANIFEST)));
        }

        assertThat(elsewhere.requests()).isZero();
        assertThat(registry.requests()).isEqualTo(6);
    }

    @Test
    void aRegistryThatIsConfiguredForPullsAloneIsNotWrittenTo(@TempDir Path certs) throws Exception {
        Path directory = Files.createDirectories(certs.resolve("registry.example"));
        Files.writeString(
                directory.resolve("hosts.toml"),
                "server = \"http://" + registry.host() + "\"\ncapabilities = [\"pull\", \"resolve\"]\n");
        try (RegistryClient reading = registry.client(
                time, CredentialSource.anonymous(), RegistryOptions.defaults().withHostDirectories(List.of(certs)))) {
            ImageReference image = ImageReference.parse("registry.example/team/app:v1");

            assertThatThrownBy(() -> reading.putManifest(image, MediaTypes.OCI_MANIFEST, MANIFEST))
                    .isInstanceOf(RegistryException.Unsupported.class)
                    .hasMessageContaining("no host is configured");
        }
        assertThat(registry.requests()).isZero();
    }

    private static MockResponse.Builder manifest() {
        return ScriptedRegistry.ok(MANIFEST).setHeader("Content-Type", MediaTypes.OCI_MANIFEST);
    }

    @Test
    void aManifestIsPutByItsTag() throws Exception {
        registry.answers(ScriptedRegistry.status(201));

        assertThat(client.putManifest(repository(), MediaTypes.OCI_MANIFEST, MANIFEST))
                .isFalse();

        RecordedRequest put = registry.request();
        assertThat(put.getMethod() + " " + put.getTarget()).isEqualTo("PUT /v2/team/app/manifests/v1");
        assertThat(put.getHeaders().get("Content-Type")).isEqualTo(MediaTypes.OCI_MANIFEST);
        assertThat(put.getBody()).isNotNull();
        assertThat(put.getBody().toByteArray()).isEqualTo(MANIFEST);
    }

    @Test
    void aManifestIsPutAgainIfTheRegistryIsOutOfOrder() throws Exception {
        registry.answers(ScriptedRegistry.status(500)).answers(ScriptedRegistry.status(201));

        client.putManifest(repository(), MediaTypes.OCI_MANIFEST, MANIFEST);

        assertThat(registry.requests()).isEqualTo(2);
    }

    @Test
    void aManifestIsNotPutUnderTheDigestOfAnother() {
        ImageReference other = repository().withDigest(DIGEST);

        assertThatThrownBy(() -> client.putManifest(other, MediaTypes.OCI_MANIFEST, MANIFEST))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aRegistryThatStoresSomethingElseIsNotBelieved() {
        registry.answers(ScriptedRegistry.status(201).setHeader("Docker-Content-Digest", DIGEST.toString()));

        assertThatThrownBy(() -> client.putManifest(repository(), MediaTypes.OCI_MANIFEST, MANIFEST))
                .isInstanceOf(RegistryException.Protocol.class)
                .hasMessageContaining("stored it as " + DIGEST);
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 303})
    void aRedirectThatIsMeantForReadersIsNotFollowed(int status) {
        registry.answers(ScriptedRegistry.status(status).setHeader("Location", elsewhere.url("/x")));

        assertThatThrownBy(() -> client.putManifest(repository(), MediaTypes.OCI_MANIFEST, MANIFEST))
                .isInstanceOf(RegistryException.Protocol.class)
                .hasMessageContaining("redirected with " + status);
        assertThat(elsewhere.requests()).isZero();
    }

    @Test
    void aRedirectThatKeepsTheMethodIsFollowedWithTheBody() throws Exception {
        registry.answers(ScriptedRegistry.status(308).setHeader("Location", elsewhere.url("/x")));
        elsewhere.answers(ScriptedRegistry.status(201));

        client.putManifest(repository(), MediaTypes.OCI_MANIFEST, MANIFEST);

        RecordedRequest put = elsewhere.request();
        assertThat(put.getMethod()).isEqualTo("PUT");
        assertThat(put.getBody()).isNotNull();
        assertThat(put.getBody().toByteArray()).isEqualTo(MANIFEST);
    }

    @Test
    void aManifestIsDeletedByItsDigest() throws Exception {
        registry.answers(manifest()).answers(ScriptedRegistry.status(500)).answers(ScriptedRegistry.status(404));

        client.deleteManifest(repository().withDigest(Digest.sha256(MANIFEST)));

        String target = " /v2/team/app/manifests/" + Digest.sha256(MANIFEST);
        assertThat(lines(registry)).containsExactly("GET" + target, "DELETE" + target, "DELETE" + target);
    }

    @Test
    void whatIsNotThereIsNotDeleted() {
        registry.answers(missing());

        assertThatThrownBy(() -> client.deleteManifest(repository().withDigest(DIGEST)))
                .isInstanceOf(RegistryException.NotFound.class);
        assertThatThrownBy(() -> client.deleteManifest(repository())).isInstanceOf(IllegalArgumentException.class);
        assertThat(registry.requests()).isEqualTo(1);
    }

    @Test
    void aRegistryThatDoesNotDeleteIsTold() {
        registry.answers(manifest()).answers(error(405, "UNSUPPORTED"));

        assertThatThrownBy(() -> client.deleteManifest(repository().withDigest(Digest.sha256(MANIFEST))))
                .isInstanceOf(RegistryException.Unsupported.class)
                .hasMessageContaining("405 (UNSUPPORTED)");
    }
}
