package dev.sluice.registry;

import java.io.IOException;
import java.util.Optional;

/** Knows the credentials of registries. Implementations are safe for use by many threads, may block, and bound how long they do. */
@FunctionalInterface
public interface CredentialSource {
    /**
     * The credentials for a registry. Asked whenever new ones are needed, so that they may change while the process runs.
     *
     * @param host as in {@link ImageReference#host}
     * @return empty if the registry is to be used anonymously
     * @throws IOException if the source cannot tell; the message holds no secret
     */
    Optional<Credentials> credentials(String host) throws IOException;

    /** A source that knows no credentials. */
    static CredentialSource anonymous() {
        return host -> Optional.empty();
    }
}
