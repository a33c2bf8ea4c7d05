package dev.sluice.kubernetes;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * How an API server is reached, and as whom. Equal if all is the same. Immutable; printed without its secrets.
 *
 * @param server URL, such as {@code https://10.96.0.1:443}
 * @param tls how TLS is spoken
 * @param token bearer token; secret
 */
record Connection(String server, Tls tls, Optional<String> token) {
    Connection {
        requireNonNull(server, "server is null");
        requireNonNull(tls, "tls is null");
        requireNonNull(token, "token is null");
    }

    /**
     * @param authorities PEM certificates of those who vouch for the server; empty for those that the Java runtime trusts
     * @param verify false to take any certificate of the server
     * @param client what the server is shown
     */
    record Tls(Optional<String> authorities, boolean verify, Optional<ClientPair> client) {}

    /**
     * @param certificate PEM
     * @param key PEM; secret
     */
    record ClientPair(String certificate, String key) {
        @Override
        public String toString() {
            return "ClientPair[]";
        }
    }

    Connection withToken(Optional<String> other) {
        return new Connection(server, tls, other);
    }

    @Override
    public String toString() {
        return "Connection[server=" + server + "]";
    }
}
