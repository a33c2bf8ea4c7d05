package dev.sluice.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.Optional;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A registry that keeps its blobs in an object store elsewhere. */
class RedirectTest {
    private static final byte[] BLOB = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

    private final FakeTime time = new FakeTime();
    private final ScriptedRegistry registry = new ScriptedRegistry();
    private final ScriptedRegistry store = new ScriptedRegistry();
    private final RegistryClient client = registry.client(
            time, host -> Optional.of(new Credentials.Basic("alice", "s3cret")), RegistryOptions.defaults());
    private final RemoteBlob blob = client.openBlob(
            registry.image("v1"), new Descriptor("application/octet-stream", Digest.sha256(BLOB), BLOB.length));

    RedirectTest() throws IOException {}

    @AfterEach
    void close() {
        client.close();
        registry.close();
        store.close();
    }

    private byte[] read() throws IOException {
        return read(false);
    }

    private byte[] read(boolean otherSource) throws IOException {
        ByteBuffer into = ByteBuffer.allocate(4);
        try (ReadableByteChannel channel = blob.read(3, 4, otherSource)) {
            while (into.hasRemaining()) {
                assertThat(channel.read(into)).isPositive();
            }
        }
        return into.array();
    }

    private MockResponse.Builder toStore(String query) {
        return ScriptedRegistry.redirect(store.url("/bucket/blob?" + query));
    }

    private static MockResponse.Builder bytes() {
        return ScriptedRegistry.partial(BLOB, 3, 4);
    }

    private static MockResponse.Builder basicChallenge() {
        return ScriptedRegistry.status(401).setHeader("WWW-Authenticate", "Basic realm=\"r\"");
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 303, 307, 308})
    void isFollowed(int status) throws Exception {
        registry.answers(toStore("sig=1").code(status));
        store.answers(bytes());

        assertThat(read()).containsExactly(4, 5, 6, 7);
        RecordedRequest request = store.request();
        assertThat(request.getTarget()).isEqualTo("/bucket/blob?sig=1");
        assertThat(request.getHeaders().get("Range")).isEqualTo("bytes=3-6");
    }

    @Test
    void takesNoCredentialsAlong() throws Exception {
        registry.answers(basicChallenge()).answers(toStore("sig=1"));
        store.answers(bytes()).answers(bytes());

        read();
        read();

        registry.request();
        assertThat(registry.request().getHeaders().get("Authorization")).isNotNull();
        assertThat(store.request().getHeaders().get("Authorization")).isNull();
        assertThat(store.request().getHeaders().get("Authorization")).isNull();
    }

    @Test
    void givesNoCredentialsToAStoreThatAsksForThem() {
        registry.answers(toStore("sig=1"));
        store.answers(basicChallenge());

        assertThatThrownBy(this::read).isInstanceOf(RegistryException.Unauthorized.class);
        assertThat(store.requests()).isEqualTo(1);
    }

    @Test
    void keepsCredentialsWithinTheRegistry() throws Exception {
        registry.answers(basicChallenge())
                .answers(ScriptedRegistry.redirect("/elsewhere"))
                .answers(bytes());

        read();

        registry.request();
        registry.request();
        RecordedRequest request = registry.request();
        assertThat(request.getTarget()).isEqualTo("/elsewhere");
        assertThat(request.getHeaders().get("Authorization")).isNotNull();
    }

    @Test
    void isRemembered() throws Exception {
        registry.answers(toStore("sig=1"));
        store.answers(bytes()).answers(bytes()).answers(bytes());

        read();
        read();
        read();

        assertThat(registry.requests()).isEqualTo(1);
    }

    @Test
    void isRenewedWhenItExpires() throws Exception {
        registry.answers(toStore("X-Amz-Date=20260101T000000Z&X-Amz-Expires=600"))
                .answers(toStore("sig=2"));
        store.answers(bytes()).answers(bytes()).answers(bytes());

        read();
        time.pass(Duration.ofSeconds(584));
        read();
        assertThat(registry.requests()).isEqualTo(1);
        time.pass(Duration.ofSeconds(1));
        read();
        assertThat(registry.requests()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 403, 404, 410})
    void isRenewedWhenTheStoreRefuses(int status) throws Exception {
        registry.answers(toStore("sig=1")).answers(toStore("sig=2"));
        store.answers(bytes()).answers(ScriptedRegistry.status(status)).answers(bytes());

        read();
        assertThat(read()).containsExactly(4, 5, 6, 7);
        store.request();
        assertThat(store.request().getTarget()).endsWith("sig=1");
        assertThat(store.request().getTarget()).endsWith("sig=2");
    }

    @Test
    void isRenewedOnlyOnce() throws Exception {
        registry.answers(toStore("sig=1")).answers(toStore("sig=2"));
        store.answers(bytes()).answers(ScriptedRegistry.status(403)).answers(ScriptedRegistry.status(403));

        read();
        assertThatThrownBy(this::read).isInstanceOf(RegistryException.Unauthorized.class);
    }

    @Test
    void isRenewedWhenTheStoreIsOutOfOrder() throws Exception {
        registry.answers(toStore("sig=1")).answers(toStore("sig=2"));
        store.answers(bytes()).answers(ScriptedRegistry.status(503)).answers(bytes());

        read();
        read();

        assertThat(registry.requests()).isEqualTo(2);
        assertThat(time.pauses).hasSize(1);
    }

    @Test
    void isForgottenForAnotherSource() throws Exception {
        registry.answers(toStore("sig=1")).answers(toStore("sig=2"));
        store.answers(bytes()).answers(bytes());

        read();
        read(true);

        assertThat(registry.requests()).isEqualTo(2);
        assertThat(store.request().getConnectionIndex())
                .isNotEqualTo(store.request().getConnectionIndex());
    }

    @Test
    void isFollowedToItsEndButNotForever() throws Exception {
        registry.answers(toStore("hop=1"));
        for (int hop = 2; hop <= 5; hop++) {
            store.answers(toStore("hop=" + hop));
        }
        store.answers(bytes()).answers(bytes());
        read();
        read();
        assertThat(registry.requests()).isEqualTo(1);

        registry.answers(toStore("hop=1"));
        for (int hop = 2; hop <= 6; hop++) {
            store.answers(toStore("hop=" + hop));
        }
        assertThatThrownBy(() -> read(true))
                .isInstanceOf(RegistryException.Protocol.class)
                .hasMessageContaining("more than 5 times");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "ftp://host/", "http://", "http://other.example/x?sig=s3cret", "https://[x/?sig=s3cret"})
    void isRefusedIfItLeadsNowhereOrGivesUpTls(String location) {
        registry.answers(ScriptedRegistry.redirect(location));

        assertThatThrownBy(this::read)
                .isInstanceOf(RegistryException.Protocol.class)
                .hasMessageContaining("redirected to")
                .hasMessageNotContaining("s3cret");
    }

    @Test
    void isRefusedWithoutALocation() {
        registry.answers(ScriptedRegistry.status(307));

        assertThatThrownBy(this::read).isInstanceOf(RegistryException.Protocol.class);
    }

    @Test
    void isNamedInMessagesWithoutItsQuery() throws Exception {
        registry.answers(toStore("sig=s3cret"));
        store.answers(ScriptedRegistry.status(403)
                .setHeader("Content-Type", "application/xml")
                .body("<Error>s3cret</Error>"));

        assertThatThrownBy(this::read)
                .isInstanceOf(RegistryException.Unauthorized.class)
                .hasMessage(
                        "Tried to read bytes 3-6 of blob %s from %s but failed because: 127.0.0.1 answered 403",
                        blob.digest(), registry.host());
    }

    @Test
    void isFollowedForManifestsToo() throws Exception {
        byte[] manifest = "{}".getBytes(UTF_8);
        registry.answers(ScriptedRegistry.redirect(store.url("/manifest")));
        store.answers(ScriptedRegistry.ok(manifest).setHeader("Content-Type", MediaTypes.OCI_MANIFEST));

        assertThat(client.manifest(registry.image("v1")).content()).isEqualTo(manifest);
    }
}
