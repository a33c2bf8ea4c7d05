package dev.sluice.registry;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How TLS is spoken with a host, where that is configured.
 *
 * @param authorities PEM files with certificates that are trusted besides those of the Java runtime
 * @param clients what the host is shown if it asks; the first that it accepts
 * @param skipVerify whether any certificate of the host is taken; absent where nothing is said
 */
record TlsSettings(List<Path> authorities, List<ClientPair> clients, Optional<Boolean> skipVerify) {
    static final TlsSettings NONE = new TlsSettings(List.of(), List.of(), Optional.empty());

    TlsSettings {
        authorities = List.copyOf(authorities);
        clients = List.copyOf(clients);
        requireNonNull(skipVerify, "skipVerify is null");
    }

    /**
     * A client certificate.
     *
     * @param certificate PEM file: the certificate, and those that lead from it to the authority
     * @param key PEM file; often the same
     */
    record ClientPair(Path certificate, Path key) {}

    /** Whether anything is configured. */
    boolean isExplicit() {
        return !authorities.isEmpty() || !clients.isEmpty() || skipVerify.isPresent();
    }

    TlsSettings withoutVerification() {
        return new TlsSettings(authorities, clients, Optional.of(true));
    }
}
