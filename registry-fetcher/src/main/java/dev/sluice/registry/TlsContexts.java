package dev.sluice.registry;

import java.io.IOException;
import java.net.Socket;
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
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;

/** Makes of {@link TlsSettings} what the HTTP library needs. */
final class TlsContexts {
    private static final char[] NO_PASSWORD = {};

    private TlsContexts() {}

    /**
     * @param sockets makes TLS connections
     * @param trust what they believe
     * @param verifyName whether the certificate must be for the host's name
     */
    record TlsContext(SSLSocketFactory sockets, X509TrustManager trust, boolean verifyName) {}

    /**
     * Reads the files of the settings.
     *
     * @param usual trusted where nothing else is said
     * @param handshake how long a server may stay silent within a handshake; absent for the usual time
     * @throws IOException if a file cannot be read, or is not what it should be
     */
    static TlsContext of(TlsSettings settings, X509TrustManager usual, Optional<Duration> handshake)
            throws IOException {
        boolean verified = !settings.skipVerify().orElse(false);
        try {
            X509TrustManager trust = verified ? trust(settings, usual) : new EverythingTrusted();
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys(settings).orElse(null), new X509TrustManager[] {trust}, null);
            SSLSocketFactory sockets = context.getSocketFactory();
            return new TlsContext(
                    handshake
                            .<SSLSocketFactory>map(time -> new BoundedHandshakes(sockets, time))
                            .orElse(sockets),
                    trust,
                    verified);
        } catch (GeneralSecurityException e) {
            throw new IOException("its certificates cannot be used: " + e.getMessage(), e);
        }
    }

    private static X509TrustManager trust(TlsSettings settings, X509TrustManager usual)
            throws IOException, GeneralSecurityException {
        if (settings.authorities().isEmpty()) {
            return usual;
        }
        KeyStore store = emptyStore();
        int number = 0;
        for (X509Certificate certificate : usual.getAcceptedIssuers()) {
            store.setCertificateEntry("usual-" + number++, certificate);
        }
        for (var file : settings.authorities()) {
            for (X509Certificate certificate : Pem.certificates(file)) {
                store.setCertificateEntry("configured-" + number++, certificate);
            }
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return (X509TrustManager) factory.getTrustManagers()[0];
    }

    private static Optional<KeyManager[]> keys(TlsSettings settings) throws IOException, GeneralSecurityException {
        if (settings.clients().isEmpty()) {
            return Optional.empty();
        }
        KeyStore store = emptyStore();
        int number = 0;
        for (TlsSettings.ClientPair pair : settings.clients()) {
            List<X509Certificate> chain = Pem.certificates(pair.certificate());
            store.setKeyEntry(
                    "client-" + number++, Pem.key(pair.key()), NO_PASSWORD, chain.toArray(Certificate[]::new));
        }
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, NO_PASSWORD);
        return Optional.of(factory.getKeyManagers());
    }

    private static KeyStore emptyStore() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    /** For {@code skip_verify}: what comes is verified by digest all the same. */
    private static final class EverythingTrusted extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
