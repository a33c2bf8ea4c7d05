package dev.sluice.kubernetes;

import dev.sluice.registry.Pem;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.OkHttpClient;

/** Makes HTTP clients that speak TLS as a connection says. */
final class HttpClients {
    private static final char[] NO_PASSWORD = {};
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final Duration PING = Duration.ofSeconds(20);

    private HttpClients() {}

    /** @throws IOException if a certificate or key cannot be used */
    static OkHttpClient of(Connection.Tls tls) throws IOException {
        OkHttpClient.Builder builder = new OkHttpClient.Builder()
                .followRedirects(false)
                .followSslRedirects(false)
                .connectTimeout(CONNECT)
                // So that a watch over a connection that is gone without a word ends.
                .pingInterval(PING);
        try {
            X509TrustManager trust = tls.verify() ? trust(tls.authorities()) : new EverythingTrusted();
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys(tls.client()).orElse(null), new X509TrustManager[] {trust}, null);
            builder.sslSocketFactory(context.getSocketFactory(), trust);
        } catch (GeneralSecurityException e) {
            throw new IOException("the certificates for the Kubernetes API cannot be used: " + e.getMessage(), e);
        }
        if (!tls.verify()) {
            builder.hostnameVerifier((name, session) -> true);
        }
        return builder.build();
    }

    private static X509TrustManager trust(Optional<String> authorities) throws IOException, GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        if (authorities.isEmpty()) {
            factory.init((KeyStore) null);
        } else {
            KeyStore store = emptyStore();
            int number = 0;
            for (X509Certificate certificate :
                    Pem.certificates("the certificate authority of the Kubernetes API", authorities.get())) {
                store.setCertificateEntry("authority-" + number++, certificate);
            }
            factory.init(store);
        }
        return (X509TrustManager) factory.getTrustManagers()[0];
    }

    private static Optional<KeyManager[]> keys(Optional<Connection.ClientPair> client)
            throws IOException, GeneralSecurityException {
        if (client.isEmpty()) {
            return Optional.empty();
        }
        List<X509Certificate> chain = Pem.certificates(
                "the client certificate for the Kubernetes API", client.get().certificate());
        KeyStore store = emptyStore();
        store.setKeyEntry(
                "client",
                Pem.key("the client key for the Kubernetes API", client.get().key()),
                NO_PASSWORD,
                chain.toArray(Certificate[]::new));
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, NO_PASSWORD);
        return Optional.of(factory.getKeyManagers());
    }

    private static KeyStore emptyStore() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    /** For {@code insecure-skip-tls-verify}. */
    private static final class EverythingTrusted implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
