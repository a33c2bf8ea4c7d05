package dev.sluice.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import okhttp3.OkHttpClient;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A TLS server whose authority nobody knows but the host directory, and which may want a certificate of its clients. */
class HostTlsTest {
    private static final String NAME = "registry.example";
    private static final byte[] MANIFEST = "{\"schemaVersion\":2}".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path certs;

    private final FakeTime time = new FakeTime();
    private final ScriptedRegistry registry = new ScriptedRegistry();
    private final HeldCertificate authority =
            new HeldCertificate.Builder().certificateAuthority(0).build();
    private final HeldCertificate client = new HeldCertificate.Builder()
            .rsa2048()
            .commonName("client")
            .signedBy(authority)
            .build();
    private Path directory = Path.of("/");

    HostTlsTest() throws IOException {}

    @BeforeEach
    void directory() throws IOException {
        directory = Files.createDirectories(certs.resolve(NAME + "_" + port() + "_"));
        Files.writeString(directory.resolve("ca.pem"), authority.certificatePem());
        Files.writeString(directory.resolve("client.cert"), client.certificatePem());
        Files.writeString(directory.resolve("client.key"), client.privateKeyPkcs8Pem());
    }

    @AfterEach
    void close() {
        registry.close();
    }

    private int port() {
        return registry.server().getPort();
    }

    private void speaksTls(String name) {
        HeldCertificate certificate = new HeldCertificate.Builder()
                .addSubjectAlternativeName(name)
                .signedBy(authority)
                .build();
        registry.server()
                .useHttps(new HandshakeCertificates.Builder()
                        .heldCertificate(certificate)
                        .addTrustedCertificate(authority.certificate())
                        .build()
                        .sslSocketFactory());
        for (int i = 0; i < 3; i++) {
            registry.answers(ScriptedRegistry.ok(MANIFEST).setHeader("Content-Type", MediaTypes.OCI_MANIFEST));
        }
    }

    private void configure(String toml) throws IOException {
        Files.writeString(directory.resolve("hosts.toml"), toml);
    }

    private byte[] fetch(String host) throws IOException {
        OkHttpClient http = new OkHttpClient.Builder()
                .dns(name -> List.of(InetAddress.getLoopbackAddress()))
                .build();
        RegistryOptions options = RegistryOptions.defaults()
                .withHostDirectories(List.of(certs))
                .withRetries(new RegistryOptions.Retries(
                        0,
                        RegistryOptions.Retries.defaults().basePause(),
                        RegistryOptions.Retries.defaults().maxPause(),
                        RegistryOptions.Retries.defaults().maxRetryAfter()));
        try (RegistryClient fetcher =
                new RegistryClient(options, CredentialSource.anonymous(), time, new Random(1), http)) {
            return fetcher.manifest(ImageReference.parse(host + ":" + port() + "/team/app:v1"))
                    .content();
        }
    }

    @Test
    void isNotBelievedWithoutItsAuthority() {
        speaksTls(NAME);
        assertThatThrownBy(() -> fetch(NAME)).hasMessageContaining("its TLS certificate is not trusted");
    }

    @Test
    void isBelievedWithItsAuthority() throws Exception {
        speaksTls(NAME);
        configure("ca = \"ca.pem\"");
        assertThat(fetch(NAME)).isEqualTo(MANIFEST);
    }

    @Test
    void isBelievedWithAnAuthorityWhereDockerPutsIt() throws Exception {
        speaksTls(NAME);
        Files.move(directory.resolve("ca.pem"), directory.resolve("ca.crt"));
        assertThat(fetch(NAME)).isEqualTo(MANIFEST);
    }

    @Test
    void mustStillHaveItsName() throws Exception {
        speaksTls("other.example");
        configure("ca = \"ca.pem\"");
        assertThatThrownBy(() -> fetch(NAME)).hasMessageContaining("its TLS certificate is not trusted");
    }

    @Test
    void isBelievedWhoeverItIsIfVerificationIsSkipped() throws Exception {
        speaksTls("other.example");
        configure("skip_verify = true");
        assertThat(fetch(NAME)).isEqualTo(MANIFEST);
    }

    @Test
    void refusesClientsWithoutACertificate() throws Exception {
        registry.server().requireClientAuth();
        speaksTls(NAME);
        configure("ca = \"ca.pem\"");
        assertThatThrownBy(() -> fetch(NAME)).isInstanceOf(RegistryException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"[[\"client.cert\", \"client.key\"]]", "\"both.pem\"", "[\"both.pem\"]", "\"pkcs1.pem\""})
    void takesClientsWithACertificate(String value) throws Exception {
        registry.server().requireClientAuth();
        speaksTls(NAME);
        Files.writeString(directory.resolve("both.pem"), client.privateKeyPkcs8Pem() + client.certificatePem());
        Files.writeString(directory.resolve("pkcs1.pem"), client.certificatePem() + client.privateKeyPkcs1Pem());
        configure("ca = \"ca.pem\"\nclient = " + value);

        assertThat(fetch(NAME)).isEqualTo(MANIFEST);
        assertThat(String.valueOf(registry.request().getHandshakeServerNames())).isNotEmpty();
    }

    @Test
    void takesTheOtherCertificateIfItRefusesTheFirst() throws Exception {
        registry.server().requireClientAuth();
        speaksTls(NAME);
        HeldCertificate foreign = new HeldCertificate.Builder().build();
        Files.writeString(directory.resolve("foreign.pem"), foreign.certificatePem() + foreign.privateKeyPkcs8Pem());
        configure("ca = \"ca.pem\"\nclient = [[\"foreign.pem\", \"\"], [\"client.cert\", \"client.key\"]]");

        assertThat(fetch(NAME)).isEqualTo(MANIFEST);
    }

    @Test
    void needsNoKnownAuthorityOnLoopback() throws Exception {
        speaksTls("other.example");
        assertThat(fetch("127.0.0.1")).isEqualTo(MANIFEST);
    }

    @Test
    void tellsWhatIsWrongWithCertificates() throws Exception {
        speaksTls(NAME);
        configure("ca = \"hosts.toml\"");
        assertThatThrownBy(() -> fetch(NAME))
                .isInstanceOf(RegistryException.Protocol.class)
                .hasMessageContaining("hosts.toml holds no certificate");
    }
}
