package dev.sluice.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import okio.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RegistryClientTest {
    private static final byte[] CONFIG = "{\"os\":\"linux\",\"architecture\":\"arm64\"}".getBytes(UTF_8);
    private static final byte[] MANIFEST = manifest(CONFIG, "");
    private static final Platform ARM64 = Platform.parse("linux/arm64");

    private final FakeTime time = new FakeTime();
    private final ScriptedRegistry registry = new ScriptedRegistry();
    private final RegistryClient client = registry.client(time);

    RegistryClientTest() throws IOException {}

    @AfterEach
    void close() {
        client.close();
        registry.close();
    }

    private static byte[] manifest(byte[] config, String more) {
        return """
                {"schemaVersion": 2, "layers": [], %s
                 "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "%s", "size": %d}}
                """.formatted(more, Digest.sha256(config), config.length).getBytes(UTF_8);
    }

    private static String entry(String mediaType, byte[] content, String platform) {
        return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d%s}"
                .formatted(mediaType, Digest.sha256(content), content.length, platform);
    }

    private static String platform(String os, String architecture) {
        return ",\"platform\":{\"os\":\"" + os + "\",\"architecture\":\"" + architecture + "\"}";
    }

    private static byte[] index(String... entries) {
        return ("{\"schemaVersion\":2,\"manifests\":[" + String.join(",", entries) + "]}").getBytes(UTF_8);
    }

    private static MockResponse.Builder answer(String mediaType, byte[] content) {
        return ScriptedRegistry.ok(content).setHeader("Content-Type", mediaType);
    }

    private ImageReference pinned(byte[] content) {
        return registry.image("v1").withDigest(Digest.sha256(content));
    }

    @Test
    void fetchesManifestsByTag() throws Exception {
        registry.answers(answer(MediaTypes.OCI_MANIFEST + "; charset=utf-8", MANIFEST)
                .setHeader("Docker-Content-Digest", Digest.sha256(MANIFEST).toString()));

        Fetched fetched = client.manifest(registry.image("v1"));

        assertThat(fetched.content()).isEqualTo(MANIFEST);
        assertThat(fetched.descriptor())
                .isEqualTo(new Descriptor(MediaTypes.OCI_MANIFEST, Digest.sha256(MANIFEST), MANIFEST.length));
        RecordedRequest request = registry.request();
        assertThat(request.getTarget()).isEqualTo("/v2/team/app/manifests/v1");
        assertThat(request.getHeaders().get("Accept"))
                .contains(
                        MediaTypes.OCI_MANIFEST,
                        MediaTypes.OCI_INDEX,
                        MediaTypes.DOCKER_MANIFEST,
                        MediaTypes.DOCKER_MANIFEST_LIST);
        assertThat(request.getHeaders().get("Accept-Encoding")).isEqualTo("identity");
        assertThat(request.getHeaders().get("User-Agent")).isEqualTo("sluice");
        assertThat(request.getHeaders().get("Authorization")).isNull();
    }

    @Test
    void fetchesByDigestWhereThereIsOne() throws Exception {
        registry.answers(answer(MediaTypes.OCI_MANIFEST, MANIFEST));

        client.manifest(pinned(MANIFEST));

        assertThat(registry.request().getTarget()).isEqualTo("/v2/team/app/manifests/" + Digest.sha256(MANIFEST));
    }

    @Test
    void needsATagOrADigest() {
        ImageReference neither = ImageReference.parse(registry.host() + "/a");

        assertThatThrownBy(() -> client.manifest(neither)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void takesTheMediaTypeFromTheDocumentIfTheServerDoesNotTell() throws Exception {
        byte[] named = manifest(CONFIG, "\"mediaType\": \"" + MediaTypes.DOCKER_MANIFEST + "\",");
        registry.answers(answer("application/json", named))
                .answers(answer("text/plain", index()))
                .answers(ScriptedRegistry.ok(MANIFEST));

        assertThat(client.manifest(registry.image("v1")).descriptor().mediaType())
                .isEqualTo(MediaTypes.DOCKER_MANIFEST);
        assertThat(client.manifest(registry.image("v1")).descriptor().mediaType())
                .isEqualTo(MediaTypes.OCI_INDEX);
        assertThat(client.manifest(registry.image("v1")).descriptor().mediaType())
                .isEqualTo(MediaTypes.OCI_MANIFEST);
    }

    @Test
    void refusesBytesWithAnotherDigest() {
        registry.answers(answer(MediaTypes.OCI_MANIFEST, MANIFEST))
                .answers(answer(MediaTypes.OCI_MANIFEST, MANIFEST)
                        .setHeader(
                                "Docker-Content-Digest", Digest.sha256(CONFIG).toString()))
                .answers(answer(MediaTypes.OCI_MANIFEST, MANIFEST).setHeader("Docker-Content-Digest", "sha256:x"));

        assertThatThrownBy(() -> client.manifest(pinned(CONFIG)))
                .isInstanceOf(RegistryException.Protocol.class)
                .hasMessage(
                        "Tried to fetch the manifest %s from %s but failed because: the bytes do not have the"
                                + " digest %s",
                        pinned(CONFIG), registry.host(), Digest.sha256(CONFIG));
        assertThatThrownBy(() -> client.manifest(registry.image("v1"))).isInstanceOf(RegistryException.Protocol.class);
        assertThatThrownBy(() -> client.manifest(registry.image("v1"))).isInstanceOf(RegistryException.Protocol.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void boundsManifests(boolean chunked) throws Exception {
        RegistryOptions small = RegistryOptions.defaults().withLimits(new RegistryOptions.Limits(1000, 0, 0, 0));
        try (RegistryClient bounded = registry.client(time, CredentialSource.anonymous(), small)) {
            byte[] large = manifest(CONFIG, "\"annotations\": {\"a\": \"" + "x".repeat(1000) + "\"},");
            registry.answers(
                    chunked
                            ? ScriptedRegistry.status(200).chunkedBody(new Buffer().write(large), 100)
                            : ScriptedRegistry.ok(large));

            assertThatThrownBy(() -> bounded.manifest(registry.image("v1")))
                    .isInstanceOf(RegistryException.Protocol.class)
                    .hasMessageContaining("more than 1000");
        }
    }

    @Test
    void tellsWhatFailed() {
        registry.answers(ScriptedRegistry.status(404)
                        .setHeader("Content-Type", "application/json")
                        .body("{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"secret\"}]}"))
                .answers(ScriptedRegistry.status(403))
                .answers(ScriptedRegistry.status(400));

        assertThatThrownBy(() -> client.manifest(registry.image("v1")))
                .isInstanceOf(RegistryException.NotFound.class)
                .hasMessage(
                        "Tried to fetch the manifest %s from %s but failed because: the registry answered 404"
                                + " (MANIFEST_UNKNOWN)",
                        registry.image("v1"), registry.host());
        assertThatThrownBy(() -> client.manifest(registry.image("v1")))
                .isInstanceOf(RegistryException.Unauthorized.class);
        assertThatThrownBy(() -> client.manifest(registry.image("v1"))).isInstanceOf(RegistryException.Protocol.class);
        assertThat(registry.requests()).isEqualTo(3);
    }

    @Test
    void looksUpDescriptors() throws Exception {
        registry.answers(ScriptedRegistry.status(200)
                        .setHeader("Content-Type", MediaTypes.OCI_MANIFEST)
                        .setHeader("Content-Length", MANIFEST.length)
                        .setHeader(
                                "Docker-Content-Digest", Digest.sha256(MANIFEST).toString()))
                .answers(ScriptedRegistry.status(404));

        assertThat(client.headManifest(registry.image("v1")))
                .contains(new Descriptor(MediaTypes.OCI_MANIFEST, Digest.sha256(MANIFEST), MANIFEST.length));
        assertThat(registry.request().getMethod()).isEqualTo("HEAD");
        assertThat(client.headManifest(registry.image("v2"))).isEmpty();
    }

    @Test
    void looksIntoTheManifestIfTheRegistryTellsTooLittle() throws Exception {
        registry.answers(ScriptedRegistry.status(200)).answers(answer(MediaTypes.OCI_MANIFEST, MANIFEST));

        assertThat(client.headManifest(registry.image("v1")).map(Descriptor::digest))
                .contains(Digest.sha256(MANIFEST));
    }

    @Test
    void resolvesThroughAnIndex() throws Exception {
        byte[] other = manifest(CONFIG, "\"annotations\": {},");
        byte[] index = index(
                entry(MediaTypes.OCI_MANIFEST, other, platform("linux", "amd64")),
                entry(MediaTypes.OCI_MANIFEST, MANIFEST, platform("linux", "arm64")));
        registry.answers(answer(MediaTypes.OCI_INDEX, index)).answers(answer(MediaTypes.OCI_MANIFEST, MANIFEST));

        assertThat(client.resolve(registry.image("v1"), ARM64).config().digest())
                .isEqualTo(Digest.sha256(CONFIG));
        assertThat(registry.request().getTarget()).endsWith("/manifests/v1");
        assertThat(registry.request().getTarget()).endsWith("/manifests/" + Digest.sha256(MANIFEST));
    }

    @Test
    void takesAManifestThatIsNamedItselfAsItIs() throws Exception {
        registry.answers(answer(MediaTypes.OCI_MANIFEST, MANIFEST));

        Fetched fetched = client.manifest(
                registry.image("v1"), Platform.parse("linux/s390x"), Deadline.after(Duration.ofSeconds(60)));

        assertThat(fetched.descriptor().digest()).isEqualTo(Digest.sha256(MANIFEST));
    }

    @Test
    void asksTheConfigurationIfTheIndexNamesNoPlatform() throws Exception {
        byte[] amd64 = "{\"os\":\"linux\",\"architecture\":\"amd64\"}".getBytes(UTF_8);
        byte[] amd64Manifest = manifest(amd64, "");
        byte[] index =
                index(entry(MediaTypes.OCI_MANIFEST, amd64Manifest, ""), entry(MediaTypes.OCI_MANIFEST, MANIFEST, ""));
        registry.answers(answer(MediaTypes.OCI_INDEX, index))
                .answers(answer(MediaTypes.OCI_MANIFEST, amd64Manifest))
                .answers(ScriptedRegistry.partial(amd64, 0, amd64.length))
                .answers(answer(MediaTypes.OCI_MANIFEST, MANIFEST))
                .answers(ScriptedRegistry.partial(CONFIG, 0, CONFIG.length));

        assertThat(client.resolve(registry.image("v1"), ARM64).config().digest())
                .isEqualTo(Digest.sha256(CONFIG));
    }

    @Test
    void findsNothingForOtherPlatforms() {
        byte[] index = index(entry(MediaTypes.OCI_MANIFEST, MANIFEST, platform("linux", "amd64")));
        registry.answers(answer(MediaTypes.OCI_INDEX, index));

        assertThatThrownBy(() -> client.resolve(registry.image("v1"), ARM64))
                .isInstanceOf(RegistryException.NotFound.class)
                .hasMessageContaining("linux/arm64");
    }

    @Test
    void doesNotFollowIndexesForever() {
        byte[] content = MANIFEST;
        List<MockResponse.Builder> answers = new ArrayList<>();
        for (int depth = 0; depth < 4; depth++) {
            String mediaType = depth == 0 ? MediaTypes.OCI_MANIFEST : MediaTypes.OCI_INDEX;
            content = index(entry(mediaType, content, platform("linux", "arm64")));
            answers.add(0, answer(MediaTypes.OCI_INDEX, content));
        }
        answers.forEach(registry::answers);

        assertThatThrownBy(() -> client.resolve(registry.image("v1"), ARM64))
                .isInstanceOf(RegistryException.Protocol.class)
                .hasMessageContaining("more than 3 indexes");
        assertThat(registry.requests()).isEqualTo(4);
    }

    @Test
    void fetchesWholeBlobs() throws Exception {
        registry.answers(ScriptedRegistry.partial(CONFIG, 0, CONFIG.length)).answers(ScriptedRegistry.ok(CONFIG));

        assertThat(client.blob(registry.image("v1"), descriptor(CONFIG), 100)).isEqualTo(CONFIG);
        assertThat(client.blob(registry.image("v1"), descriptor(CONFIG), 100)).isEqualTo(CONFIG);
        RecordedRequest request = registry.request();
        assertThat(request.getTarget()).isEqualTo("/v2/team/app/blobs/" + Digest.sha256(CONFIG));
        assertThat(request.getHeaders().get("Range")).isEqualTo("bytes=0-" + (CONFIG.length - 1));
    }

    @Test
    void needsNoRequestForAnEmptyBlob() throws Exception {
        assertThat(client.blob(registry.image("v1"), descriptor(new byte[0]), 100))
                .isEmpty();
        assertThat(registry.requests()).isZero();
    }

    @Test
    void boundsWholeBlobsBeforeItAsks() {
        assertThatThrownBy(() -> client.blob(registry.image("v1"), descriptor(CONFIG), CONFIG.length - 1))
                .isInstanceOf(RegistryException.Protocol.class);
        assertThat(registry.requests()).isZero();
    }

    @Test
    void fetchesABlobOnceMoreOverANewConnectionIfItsDigestIsWrong() throws Exception {
        byte[] damaged = CONFIG.clone();
        damaged[5]++;
        registry.answers(ScriptedRegistry.ok(damaged)).answers(ScriptedRegistry.ok(CONFIG));

        assertThat(client.blob(registry.image("v1"), descriptor(CONFIG), 100)).isEqualTo(CONFIG);
        assertThat(registry.request().getConnectionIndex())
                .isNotEqualTo(registry.request().getConnectionIndex());
    }

    @Test
    void givesUpOnABlobWhoseDigestStaysWrong() {
        byte[] damaged = CONFIG.clone();
        damaged[5]++;
        registry.answers(ScriptedRegistry.ok(damaged)).answers(ScriptedRegistry.ok(damaged));

        assertThatThrownBy(() -> client.blob(registry.image("v1"), descriptor(CONFIG), 100))
                .isInstanceOf(RegistryException.Protocol.class)
                .hasMessageContaining(Digest.sha256(CONFIG).toString());
    }

    @Test
    void boundsAllTriesByOneDeadline() {
        registry.answers(ScriptedRegistry.status(503).setHeader("Retry-After", "6"))
                .answers(ScriptedRegistry.status(503).setHeader("Retry-After", "6"));

        Deadline deadline = Deadline.after(Duration.ofSeconds(10), time);
        assertThatThrownBy(() -> client.manifest(registry.image("v1"), deadline))
                .isInstanceOf(RegistryException.Unavailable.class);
        assertThat(registry.requests()).isEqualTo(2);
        assertThat(time.pauses).containsExactly(Duration.ofSeconds(6));
    }

    @Test
    void sendsNothingAfterTheDeadline() {
        Deadline deadline = Deadline.after(Duration.ofSeconds(10), time);
        time.pass(Duration.ofSeconds(10));

        assertThatThrownBy(() -> client.manifest(registry.image("v1"), deadline))
                .isInstanceOf(RegistryException.Unavailable.class)
                .hasMessageContaining("deadline");
        assertThat(registry.requests()).isZero();
    }

    private static Descriptor descriptor(byte[] content) {
        return new Descriptor("application/octet-stream", Digest.sha256(content), content.length);
    }
}
