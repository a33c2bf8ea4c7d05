package dev.sluice.credentials;

import static java.util.stream.Collectors.joining;

import dev.sluice.registry.CredentialSource;
import dev.sluice.registry.Credentials;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Asks several sources in turn; the first that knows a host, and something else than what was refused, answers. A source that fails is passed over, but if then none
 * answers, its failure is thrown: anonymous use must not hide it. Safe for use by many threads.
 */
public final class ChainedCredentials implements CredentialSource {
    private final List<CredentialSource> sources;

    public ChainedCredentials(List<? extends CredentialSource> sources) {
        this.sources = List.copyOf(sources);
    }

    @Override
    public Optional<Credentials> credentials(String host) throws IOException {
        return first(source -> source.credentials(host));
    }

    @Override
    public Optional<Credentials> credentials(String host, String repository) throws IOException {
        return first(source -> source.credentials(host, repository));
    }

    @Override
    public Optional<Credentials> credentials(String host, String repository, Set<Credentials> refused)
            throws IOException {
        return first(source -> source.credentials(host, repository, refused));
    }

    @Override
    public void refused(String host, Credentials credentials) {
        sources.forEach(source -> source.refused(host, credentials));
    }

    @Override
    public String lookedAt() {
        return sources.isEmpty()
                ? CredentialSource.super.lookedAt()
                : sources.stream().map(CredentialSource::lookedAt).collect(joining("; "));
    }

    private interface Question {
        Optional<Credentials> ask(CredentialSource source) throws IOException;
    }

    private Optional<Credentials> first(Question question) throws IOException {
        List<IOException> failures = new ArrayList<>();
        for (CredentialSource source : sources) {
            try {
                Optional<Credentials> credentials = question.ask(source);
                if (credentials.isPresent()) {
                    return credentials;
                }
            } catch (IOException e) {
                failures.add(e);
            }
        }
        if (failures.isEmpty()) {
            return Optional.empty();
        }
        IOException first = failures.get(0);
        failures.stream().skip(1).forEach(first::addSuppressed);
        throw first;
    }
}
