package dev.sluice.registry;

import java.io.IOException;
import java.util.Optional;

/** Knows the credentials of registries. Implementations are safe for use by many threads, may block, and bound how long they do. */
@FunctionalInterface
public interface CredentialSource {
    /**
     * The credentials for a registry. Asked whenever new ones are needed, so that they may change while the process runs.
     *
     * @param host as in {@link ImageReference#host}, or host and port of a mirror
     * @return empty if the registry is to be used anonymously
     * @throws IOException if the source cannot tell; the message holds no secret
     */
    Optional<Credentials> credentials(String host) throws IOException;

    /**
     * The credentials for one repository of a registry, for sources that tell repositories apart.
     *
     * @param repository as in {@link ImageReference#repository}
     */
    default Optional<Credentials> credentials(String host, String repository) throws IOException {
        return credentials(host);
    }

    /** A source that knows no credentials. */
    static CredentialSource anonymous() {
        return host -> Optional.empty();
    }
}
