package dev.sluice.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** As kubeconfig files and pods say it, against a TLS server that takes client certificates of its authority. */
class HttpClientsTest {
    private static final String PATH = "api/v1/nodes/worker-1";

    @TempDir
    Path directory;

    private final HeldCertificate authority =
            new HeldCertificate.Builder().certificateAuthority(0).build();
    private final HeldCertificate client = new HeldCertificate.Builder()
            .rsa2048()
            .commonName("node-client")
            .signedBy(authority)
            .build();
    private final List<HttpsServer> servers = new ArrayList<>();
    private final List<String> seen = Collections.synchronizedList(new ArrayList<>());

    @AfterEach
    void close() {
        servers.forEach(server -> server.stop(0));
    }

    /**
     * Starts a server that notes who comes.
     *
     * @param name in its certificate
     * @return its port
     */
    private int serve(String name) throws IOException {
        HeldCertificate certificate = new HeldCertificate.Builder()
                .addSubjectAlternativeName(name)
                .signedBy(authority)
                .build();
        SSLContext context = new HandshakeCertificates.Builder()
                .heldCertificate(certificate)
                .addTrustedCertificate(authority.certificate())
                .build()
                .sslContext();
        HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        servers.add(server);
        server.setHttpsConfigurator(new HttpsConfigurator(context) {
            @Override
            public void configure(HttpsParameters parameters) {
                SSLParameters wanted = context.getDefaultSSLParameters();
                wanted.setWantClientAuth(true);
                parameters.setSSLParameters(wanted);
            }
        });
        server.createContext("/", this::answer);
        server.createContext("/elsewhere", exchange -> {
            try (exchange) {
                exchange.getResponseHeaders()
                        .set(
                                "Location",
                                "https://127.0.0.1:" + server.getAddress().getPort() + "/" + PATH);
                exchange.sendResponseHeaders(307, -1);
            }
        });
        server.start();
        return server.getAddress().getPort();
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            seen.add(exchange.getRequestHeaders().getFirst("Authorization") + " " + peer((HttpsExchange) exchange));
            byte[] body = "{\"kind\":\"Node\"}".getBytes(UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private static String peer(HttpsExchange exchange) {
        try {
            return exchange.getSSLSession().getPeerPrincipal().getName();
        } catch (SSLPeerUnverifiedException e) {
            return "nobody";
        }
    }

    private static String base64(String pem) {
        return Base64.getEncoder().encodeToString(pem.getBytes(UTF_8));
    }

    /** @param cluster what the kubeconfig says of the server besides its URL */
    private String get(int port, String path, String cluster, String user) throws IOException {
        Path file = Files.writeString(directory.resolve("kubeconfig"), """
                current-context: c
                contexts: [{name: c, context: {cluster: c, user: u}}]
                clusters: [{name: c, cluster: {server: "https://127.0.0.1:%d"%s}}]
                users: [{name: u, user: {%s}}]
                """.formatted(port, cluster, user));
        try (KubernetesClient kubernetes = new KubernetesClient(ApiServer.ofKubeconfig(file))) {
            return kubernetes.get(path).path("kind").asText();
        }
    }

    private String trusting(HeldCertificate trusted) {
        return ", certificate-authority-data: " + base64(trusted.certificatePem());
    }

    @Test
    void trustsTheAuthorityOfTheCluster() throws Exception {
        assertThat(get(serve("127.0.0.1"), PATH, trusting(authority), "token: s3cret"))
                .isEqualTo("Node");
        assertThat(seen).containsExactly("Bearer s3cret nobody");
    }

    @Test
    void showsItsCertificate() throws Exception {
        String user = "client-certificate-data: %s, client-key-data: %s"
                .formatted(base64(client.certificatePem()), base64(client.privateKeyPkcs8Pem()));

        assertThat(get(serve("127.0.0.1"), PATH, trusting(authority), user)).isEqualTo("Node");
        assertThat(seen).containsExactly("null CN=node-client");
    }

    @Test
    void showsNothingToAServerOfAnotherAuthority() throws Exception {
        HeldCertificate other =
                new HeldCertificate.Builder().certificateAuthority(0).build();
        int port = serve("127.0.0.1");

        // The one that is configured counts alone; without one those of the Java runtime, of whom it is none.
        for (String cluster : List.of(trusting(other), "")) {
            assertThatThrownBy(() -> get(port, PATH, cluster, "token: s3cret"))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("Tried to get " + PATH + " at the Kubernetes API but failed because: ")
                    .hasMessageNotContaining("s3cret");
        }
        assertThat(seen).isEmpty();
    }

    @Test
    void showsNothingToAServerOfAnotherName() throws Exception {
        int port = serve("api.example");

        assertThatThrownBy(() -> get(port, PATH, trusting(authority), "token: s3cret"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("127.0.0.1 not verified");
        assertThat(seen).isEmpty();
    }

    @Test
    void takesAnyServerIfItIsToldTo() throws Exception {
        assertThat(get(serve("api.example"), PATH, ", insecure-skip-tls-verify: true", "token: s3cret"))
                .isEqualTo("Node");
        assertThat(seen).containsExactly("Bearer s3cret nobody");
    }

    /** A token is for the server that the file names. */
    @Test
    void doesNotFollowRedirects() throws Exception {
        int port = serve("127.0.0.1");

        assertThatThrownBy(() -> get(port, "elsewhere", trusting(authority), "token: s3cret"))
                .isInstanceOfSatisfying(
                        KubernetesException.class, e -> assertThat(e.status()).isEqualTo(307));
        assertThat(seen).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "s3cret", "-----BEGIN PRIVATE KEY-----\nczNjcmV0\n-----END PRIVATE KEY-----"})
    void aKeyThatCannotBeUsedIsNotQuoted(String key) throws Exception {
        int port = serve("127.0.0.1");
        Files.writeString(directory.resolve("key"), key);
        String user = "client-certificate-data: %s, client-key: key".formatted(base64(client.certificatePem()));

        assertThatThrownBy(() -> get(port, PATH, trusting(authority), user))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the client key for the Kubernetes API")
                .hasMessageNotContaining("s3cret")
                .hasMessageNotContaining("czNjcmV0");
        assertThat(seen).isEmpty();
    }

    @Test
    void anAuthorityThatIsNoCertificateIsNamed() throws Exception {
        int port = serve("127.0.0.1");

        assertThatThrownBy(() -> get(port, PATH, ", certificate-authority-data: bm9uZQ==", "token: s3cret"))
                .isInstanceOf(IOException.class)
                .hasMessage("the certificate authority of the Kubernetes API holds no certificate");
    }

    @Test
    void aPodTrustsTheAuthorityOfItsServiceAccountAndReadsItsTokenAnew() throws Exception {
        int port = serve("127.0.0.1");
        Files.writeString(directory.resolve("ca.crt"), authority.certificatePem());
        Files.writeString(directory.resolve("token"), "t1\n");
        Map<String, String> environment =
                Map.of("KUBERNETES_SERVICE_HOST", "127.0.0.1", "KUBERNETES_SERVICE_PORT", String.valueOf(port));

        try (KubernetesClient kubernetes = new KubernetesClient(new ServiceAccount(directory, environment))) {
            assertThat(kubernetes.get(PATH).path("kind").asText()).isEqualTo("Node");
            Files.writeString(directory.resolve("token"), "t2\n");
            assertThat(kubernetes.get(PATH).path("kind").asText()).isEqualTo("Node");
        }
        assertThat(seen).containsExactly("Bearer t1 nobody", "Bearer t2 nobody");
    }

    @Test
    void outsideOfAPodItSaysWhatItTakes() {
        try (KubernetesClient kubernetes = new KubernetesClient(new ServiceAccount(directory, Map.of()))) {
            assertThatThrownBy(() -> kubernetes.get(PATH))
                    .hasMessage(
                            "Tried to find the Kubernetes API but failed because: KUBERNETES_SERVICE_HOST is not set;"
                                    + " outside of a pod it takes a kubeconfig file");
        }
    }
}
