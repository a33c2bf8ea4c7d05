package dev.sluice.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A registry with a certificate, by a name that is not loopback's. */
class TlsTest {
    private static final String NAME = "registry.example";
    private static final int SIZE = 1 << 20;
    private static final byte[] BLOB = new byte[SIZE];

    static {
        new Random(7).nextBytes(BLOB);
    }

    private final FakeTime time = new FakeTime();
    private final ScriptedRegistry registry = new ScriptedRegistry();
    private final HeldCertificate certificate =
            new HeldCertificate.Builder().addSubjectAlternativeName(NAME).build();
    private final RegistryClient client = client(Set.of(), true);

    TlsTest() throws IOException {
        registry.server()
                .useHttps(new HandshakeCertificates.Builder()
                        .heldCertificate(certificate)
                        .build()
                        .sslSocketFactory());
    }

    @AfterEach
    void close() {
        client.close();
        registry.close();
    }

    private RegistryClient client(Set<String> plainHttpHosts, boolean trusting) {
        HeldCertificate trusted = trusting ? certificate : new HeldCertificate.Builder().build();
        HandshakeCertificates certificates = new HandshakeCertificates.Builder()
                .addTrustedCertificate(trusted.certificate())
                .build();
        OkHttpClient http = new OkHttpClient.Builder()
                .sslSocketFactory(certificates.sslSocketFactory(), certificates.trustManager())
                .dns(name -> List.of(InetAddress.getLoopbackAddress()))
                .build();
        CredentialSource credentials = host -> Optional.of(new Credentials.Basic("alice", "s3cret"));
        RegistryOptions options = RegistryOptions.defaults().withPlainHttpHosts(plainHttpHosts);
        return new RegistryClient(options, credentials, time, new Random(1), http);
    }

    private ImageReference image() {
        return ImageReference.parse(NAME + ":" + registry.server().getPort() + "/team/app:v1");
    }

    private RemoteBlob blob(RegistryClient from) {
        return from.openBlob(image(), new Descriptor("application/octet-stream", Digest.sha256(BLOB), SIZE));
    }

    private static byte[] read(RemoteBlob blob, int offset, int length) throws IOException {
        ByteBuffer into = ByteBuffer.allocate(length);
        try (ReadableByteChannel channel = blob.read(offset, length, false)) {
            while (into.hasRemaining()) {
                assertThat(channel.read(into)).isPositive();
            }
            assertThat(channel.read(ByteBuffer.allocate(1))).isEqualTo(-1);
        }
        return into.array();
    }

    private void answersRanges() {
        registry.server().setDispatcher(new RangeServer() {
            @Override
            MockResponse answer(int request, int offset, int length) {
                return ScriptedRegistry.partial(BLOB, offset, length).build();
            }
        });
    }

    private static byte[] expected(int offset, int length) {
        return Arrays.copyOfRange(BLOB, offset, offset + length);
    }

    @Test
    void speaksHttp2AndSharesOneConnection() throws Exception {
        answersRanges();
        RemoteBlob blob = blob(client);
        read(blob, 0, 10);
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Callable<Boolean>> reads = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                int offset = i * 30_000;
                reads.add(() -> Arrays.equals(read(blob, offset, 50_000), expected(offset, 50_000)));
            }
            for (Future<Boolean> read : threads.invokeAll(reads)) {
                assertThat(read.get()).isTrue();
            }
        } finally {
            threads.shutdownNow();
        }
        for (int i = 0; i < 33; i++) {
            RecordedRequest request = registry.request();
            assertThat(request.getVersion()).isEqualTo("HTTP/2");
            assertThat(request.getConnectionIndex()).isZero();
        }
    }

    @Test
    void speaksHttp1ToAServerThatKnowsNothingElse() throws Exception {
        registry.server().setProtocols(List.of(Protocol.HTTP_1_1));
        answersRanges();

        assertThat(read(blob(client), 5, 1000)).isEqualTo(expected(5, 1000));
        assertThat(registry.request().getVersion()).isEqualTo("HTTP/1.1");
    }

    @Test
    void goesOnWhenAnHttp2StreamIsReset() throws Exception {
        registry.server().setDispatcher(new RangeServer() {
            @Override
            MockResponse answer(int request, int offset, int length) {
                MockResponse.Builder answer = ScriptedRegistry.partial(BLOB, offset, length);
                return request == 0
                        ? answer.onResponseBody(new SocketEffect.CloseStream()).build()
                        : answer.build();
            }
        });

        assertThat(read(blob(client), 0, SIZE)).isEqualTo(BLOB);
        assertThat(registry.requests()).isEqualTo(2);
    }

    @Test
    void leavesTheConnectionToOthersWhenAReaderStopsEarly() throws Exception {
        answersRanges();
        RemoteBlob blob = blob(client);

        try (ReadableByteChannel channel = blob.read(0, SIZE, false)) {
            assertThat(channel.read(ByteBuffer.allocate(10))).isPositive();
        }
        assertThat(read(blob, 0, 10)).isEqualTo(expected(0, 10));

        assertThat(registry.request().getConnectionIndex()).isZero();
        assertThat(registry.request().getConnectionIndex()).isZero();
    }

    @Test
    void doesNotTalkToAServerThatItDoesNotTrust() {
        try (RegistryClient distrusting = client(Set.of(), false)) {
            assertThatThrownBy(() -> distrusting.manifest(image()))
                    .isInstanceOf(RegistryException.Protocol.class)
                    .hasMessageContaining("certificate");
        }
        assertThat(time.pauses).isEmpty();
    }

    @Test
    void doesNotTalkToAServerWithAnotherName() {
        ImageReference other =
                ImageReference.parse("other.example:" + registry.server().getPort() + "/team/app:v1");

        assertThatThrownBy(() -> client.manifest(other)).isInstanceOf(RegistryException.Protocol.class);
    }

    @Test
    void isNotLeftForAServerWithout() throws Exception {
        try (ScriptedRegistry plain = new ScriptedRegistry();
                RegistryClient allowing = client(Set.of("store.example"), true)) {
            String location = "http://store.example:" + plain.server().getPort() + "/blob?sig=s3cret";
            registry.answers(ScriptedRegistry.redirect(location)).answers(ScriptedRegistry.redirect(location));
            plain.answers(ScriptedRegistry.partial(BLOB, 0, 10));

            assertThatThrownBy(() -> read(blob(client), 0, 10))
                    .isInstanceOf(RegistryException.Protocol.class)
                    .hasMessageContaining("redirected to store.example, which would be spoken to without TLS")
                    .hasMessageNotContaining("s3cret");
            assertThat(plain.requests()).isZero();

            assertThat(read(blob(allowing), 0, 10)).isEqualTo(expected(0, 10));
            assertThat(plain.request().getHeaders().get("Authorization")).isNull();
        }
    }

    @Test
    void isNotLeftForATokenServerWithout() {
        registry.answers(ScriptedRegistry.status(401)
                .setHeader("WWW-Authenticate", "Bearer realm=\"http://127.0.0.1:1/token\""));

        assertThatThrownBy(() -> client.manifest(image()))
                .isInstanceOf(RegistryException.Protocol.class)
                .hasMessageContaining("without TLS");
    }
}
