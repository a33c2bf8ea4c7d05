package dev.sluice.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import mockwebserver3.MockResponse;
import mockwebserver3.SocketEffect;
import okhttp3.OkHttpClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A registry with two mirrors in front of it, as {@code hosts.toml} names them. */
class MirrorTest {
    private static final String REGISTRY = "registry.example";
    private static final int SIZE = 1 << 20;
    private static final byte[] BLOB = new byte[SIZE];
    private static final Descriptor DESCRIPTOR;
    private static final byte[] MANIFEST = "{\"schemaVersion\":2}".getBytes(StandardCharsets.UTF_8);

    static {
        new Random(11).nextBytes(BLOB);
        DESCRIPTOR = new Descriptor("application/octet-stream", Digest.sha256(BLOB), SIZE);
    }

    @TempDir
    Path certs;

    private final FakeTime time = new FakeTime();
    private final ScriptedRegistry first = new ScriptedRegistry();
    private final ScriptedRegistry second = new ScriptedRegistry();
    private final ScriptedRegistry server = new ScriptedRegistry();
    private final List<String> credentialHosts = new CopyOnWriteArrayList<>();

    MirrorTest() throws IOException {}

    @AfterEach
    void close() {
        first.close();
        second.close();
        server.close();
    }

    private RegistryClient client() throws IOException {
        return client("capabilities = [\"pull\", \"resolve\"]");
    }

    /** @param ofFirst what is said about the first mirror */
    private RegistryClient client(String ofFirst) throws IOException {
        Path directory = Files.createDirectories(certs.resolve(REGISTRY));
        Files.writeString(
                directory.resolve("hosts.toml"), """
                server = "http://%s"
                [host."http://%s"]
                %s
                [host."http://%s"]
                """.formatted(server.host(), first.host(), ofFirst, second.host()));
        CredentialSource credentials = host -> {
            credentialHosts.add(host);
            return Optional.of(new Credentials.Basic("user-of-" + host, "s3cret"));
        };
        return new RegistryClient(
                RegistryOptions.defaults().withHostDirectories(List.of(certs)),
                credentials,
                time,
                new Random(1),
                new OkHttpClient());
    }

    private static ImageReference image() {
        return ImageReference.parse(REGISTRY + "/team/app:v1");
    }

    private static byte[] read(RemoteBlob blob, int offset, int length, boolean otherSource) throws IOException {
        ByteBuffer into = ByteBuffer.allocate(length);
        try (ReadableByteChannel channel = blob.read(offset, length, otherSource)) {
            while (into.hasRemaining()) {
                assertThat(channel.read(into)).isPositive();
            }
        }
        return into.array();
    }

    private static void servesRanges(ScriptedRegistry registry) {
        registry.server().setDispatcher(new RangeServer() {
            @Override
            MockResponse answer(int request, int offset, int length) {
                return ScriptedRegistry.partial(BLOB, offset, length).build();
            }
        });
    }

    private static MockResponse.Builder manifest() {
        return ScriptedRegistry.ok(MANIFEST).setHeader("Content-Type", MediaTypes.OCI_MANIFEST);
    }

    @Test
    void isAskedFirstAndToldWhichRegistryIsMeant() throws Exception {
        first.answers(manifest());
        try (RegistryClient client = client()) {
            assertThat(client.manifest(image()).content()).isEqualTo(MANIFEST);
        }

        assertThat(first.request().getTarget()).isEqualTo("/v2/team/app/manifests/v1?ns=registry.example");
        assertThat(second.requests()).isZero();
        assertThat(server.requests()).isZero();
    }

    @Test
    void isNotAskedWhatATagStandsForUnlessItMayResolve() throws Exception {
        second.answers(manifest());
        first.answers(manifest());
        try (RegistryClient client = client("capabilities = [\"pull\"]")) {
            client.manifest(image());
            assertThat(second.requests()).isEqualTo(1);
            assertThat(first.requests()).isZero();

            client.manifest(image().withDigest(Digest.sha256(MANIFEST)));
            assertThat(first.requests()).isEqualTo(1);
        }
    }

    @Test
    void isLeftAtOnceWhenItIsOutOfOrderAndThenAskedLastForAWhile() throws Exception {
        first.answers(ScriptedRegistry.status(503));
        for (int i = 0; i < 2; i++) {
            second.answers(manifest());
        }
        first.answers(manifest());
        try (RegistryClient client = client()) {
            client.manifest(image());
            client.manifest(image());
            assertThat(first.requests()).isEqualTo(1);
            assertThat(time.pauses).isEmpty();

            time.pass(Duration.ofSeconds(31));
            client.manifest(image());
            assertThat(first.requests()).isEqualTo(2);
        }
        assertThat(server.requests()).isZero();
    }

    @Test
    void isPassedOverForWhatItDoesNotHaveOrDoesNotGive() throws Exception {
        first.answers(ScriptedRegistry.status(404));
        second.answers(ScriptedRegistry.status(403));
        server.answers(manifest());
        try (RegistryClient client = client()) {
            assertThat(client.manifest(image()).content()).isEqualTo(MANIFEST);
        }
        assertThat(time.pauses).isEmpty();
    }

    @Test
    void isPassedOverIfNobodyListens() throws Exception {
        first.close();
        second.answers(manifest());
        try (RegistryClient client = client()) {
            assertThat(client.manifest(image()).content()).isEqualTo(MANIFEST);
        }
    }

    @Test
    void leavesTheLastWordToTheRegistry() throws Exception {
        first.answers(ScriptedRegistry.status(503));
        second.answers(ScriptedRegistry.status(403));
        server.answers(ScriptedRegistry.status(404));
        try (RegistryClient client = client()) {
            assertThatThrownBy(() -> client.manifest(image())).isInstanceOf(RegistryException.NotFound.class);
        }
        assertThat(time.pauses).isEmpty();
    }

    @Test
    void isAskedAgainAfterAPauseOnlyIfItMayHaveRecovered() throws Exception {
        first.answers(ScriptedRegistry.status(404));
        second.answers(ScriptedRegistry.status(503)).answers(manifest());
        server.answers(ScriptedRegistry.status(503)).answers(ScriptedRegistry.status(503));
        try (RegistryClient client = client()) {
            client.manifest(image());
        }
        assertThat(first.requests()).isEqualTo(1);
        assertThat(second.requests()).isEqualTo(2);
        assertThat(time.pauses).hasSize(1);
    }

    @Test
    void isLeftInTheMiddleOfABlob() throws Exception {
        first.server().setDispatcher(new RangeServer() {
            @Override
            MockResponse answer(int request, int offset, int length) {
                return ScriptedRegistry.partial(BLOB, offset, length)
                        .onResponseBody(new SocketEffect.CloseSocket())
                        .build();
            }
        });
        servesRanges(second);
        try (RegistryClient client = client()) {
            RemoteBlob blob = client.openBlob(image(), DESCRIPTOR);
            assertThat(read(blob, 0, SIZE, false)).isEqualTo(BLOB);
            assertThat(read(blob, 10, 10, false)).isEqualTo(Arrays.copyOfRange(BLOB, 10, 20));
        }
        assertThat(first.requests()).isEqualTo(1);
        assertThat(second.requests()).isEqualTo(2);
        assertThat(time.pauses).isEmpty();
    }

    @Test
    void isNotTrustedWithABlobOfWhichItDeliveredWrongBytes() throws Exception {
        first.server().setDispatcher(new RangeServer() {
            @Override
            MockResponse answer(int request, int offset, int length) {
                return ScriptedRegistry.partial(new byte[SIZE], offset, length).build();
            }
        });
        servesRanges(second);
        try (RegistryClient client = client()) {
            RemoteBlob blob = client.openBlob(image(), DESCRIPTOR);
            assertThat(read(blob, 0, 100, false)).isEqualTo(new byte[100]);
            assertThat(read(blob, 500, 100, false)).isEqualTo(new byte[100]);
            // Two that came from the same mirror: the second must not blame who delivered meanwhile.
            assertThat(read(blob, 0, 100, true)).isEqualTo(Arrays.copyOf(BLOB, 100));
            RemoteBlob elsewhere = client.openBlob(ImageReference.parse(REGISTRY + "/team/other"), DESCRIPTOR);
            assertThat(read(elsewhere, 500, 100, true)).isEqualTo(Arrays.copyOfRange(BLOB, 500, 600));
            assertThat(read(blob, 1000, 100, false)).isEqualTo(Arrays.copyOfRange(BLOB, 1000, 1100));
        }
        assertThat(first.requests()).isEqualTo(2);
        assertThat(second.requests()).isEqualTo(3);
    }

    @Test
    void hasCredentialsOfItsOwn() throws Exception {
        first.answers(ScriptedRegistry.status(401).addHeader("WWW-Authenticate", "Basic realm=\"a\""))
                .answers(ScriptedRegistry.status(401).addHeader("WWW-Authenticate", "Basic realm=\"a\""))
                .answers(ScriptedRegistry.status(401).addHeader("WWW-Authenticate", "Basic realm=\"a\""));
        second.answers(manifest());
        try (RegistryClient client = client()) {
            client.manifest(image());
        }
        assertThat(credentialHosts).contains(first.host()).doesNotContain(REGISTRY);
        first.request();
        assertThat(first.request().getHeaders().get("Authorization"))
                .isEqualTo(Authorization.basicValue("user-of-" + first.host(), "s3cret"));
        assertThat(second.request().getHeaders().get("Authorization")).isNull();
    }

    @Test
    void getsItsHeadersButWhoItRedirectsToDoesNot() throws Exception {
        first.answers(ScriptedRegistry.redirect(second.url("/elsewhere")));
        second.answers(manifest());
        try (RegistryClient client = client("[host.\"http://" + first.host() + "\".header]\nx-token = \"s3cret\"")) {
            client.manifest(image());
        }
        assertThat(first.request().getHeaders().get("X-Token")).isEqualTo("s3cret");
        assertThat(second.request().getHeaders().get("X-Token")).isNull();
    }

    @Test
    void isReadAgainWhenTheFileChanges() throws Exception {
        first.answers(manifest());
        second.answers(manifest());
        try (RegistryClient client = client()) {
            client.manifest(image());
            Files.writeString(
                    certs.resolve(REGISTRY).resolve("hosts.toml"), "server = \"http://" + second.host() + "\"");
            client.manifest(image());
        }
        assertThat(first.requests()).isEqualTo(1);
        assertThat(second.requests()).isEqualTo(1);
    }

    @Test
    void doesNotKeepTheOthersFromBeingAskedIfItsCertificatesAreMissing() throws Exception {
        second.answers(manifest());
        try (RegistryClient client = client("ca = \"missing.pem\"")) {
            assertThat(client.manifest(image()).content()).isEqualTo(MANIFEST);
        }
    }
}
