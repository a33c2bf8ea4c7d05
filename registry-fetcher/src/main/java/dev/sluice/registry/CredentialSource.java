package dev.sluice.registry;

import java.io.IOException;
import java.util.Optional;
import java.util.Set;

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

    /**
     * Other credentials for one repository than those that the registry has refused.
     *
     * @param refused what the registry did not take; a source that keeps such an answer asks again where it has it from
     * @return the next best; empty if there are no others
     */
    default Optional<Credentials> credentials(String host, String repository, Set<Credentials> refused)
            throws IOException {
        return credentials(host, repository).filter(known -> !refused.contains(known));
    }

    /**
     * Credentials were not taken by the registry or its token server. Told once each time they were shown in vain, also to sources that
     * have not given them.
     *
     * @param host for which they were asked for
     */
    default void refused(String host, Credentials credentials) {}

    /** For the message when nothing is known: where credentials are looked for, and what is there; without secrets and full stop. */
    default String lookedAt() {
        return "no source of credentials";
    }

    /** A source that knows no credentials. */
    static CredentialSource anonymous() {
        return host -> Optional.empty();
    }
}
