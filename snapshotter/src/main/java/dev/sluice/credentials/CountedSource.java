package dev.sluice.credentials;

import static java.util.Objects.requireNonNull;

import dev.sluice.registry.CredentialSource;
import dev.sluice.registry.Credentials;
import java.io.IOException;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Asks a source, and remembers what comes of it, so that an operator can see which one is to blame. Safe for use by many threads. */
public final class CountedSource implements CredentialSource {
    /** Of these it is known that they are from here when they are refused; no node has so many. */
    private static final int MAX_REMEMBERED = 1024;

    private final String name;
    private final CredentialSource source;
    private final Supplier<SourceState> state;
    private final Clock clock;

    // Under the lock of this.
    private final Map<Credentials, Boolean> shown = new LinkedHashMap<>(16, 0.75f, true);
    private long given;
    private long none;
    private long failed;
    private long refused;
    private Optional<SourceStatus.Trouble> trouble = Optional.empty();

    /** @param state of the source; must not block for long */
    public CountedSource(String name, CredentialSource source, Supplier<SourceState> state, Clock clock) {
        this.name = requireNonNull(name, "name is null");
        this.source = requireNonNull(source, "source is null");
        this.state = requireNonNull(state, "state is null");
        this.clock = requireNonNull(clock, "clock is null");
    }

    @Override
    public Optional<Credentials> credentials(String host) throws IOException {
        return counted(() -> source.credentials(host));
    }

    @Override
    public Optional<Credentials> credentials(String host, String repository) throws IOException {
        return counted(() -> source.credentials(host, repository));
    }

    @Override
    public Optional<Credentials> credentials(String host, String repository, Set<Credentials> refused)
            throws IOException {
        return counted(() -> source.credentials(host, repository, refused));
    }

    @Override
    public void refused(String host, Credentials credentials) {
        source.refused(host, credentials);
        synchronized (this) {
            if (shown.containsKey(credentials)) {
                refused++;
                trouble = Optional.of(
                        new SourceStatus.Trouble("what it gave for " + host + " was refused", clock.instant()));
            }
        }
    }

    @Override
    public String lookedAt() {
        return name + ": " + state.get().explanation();
    }

    private interface Question {
        Optional<Credentials> ask() throws IOException;
    }

    private Optional<Credentials> counted(Question question) throws IOException {
        try {
            Optional<Credentials> answer = question.ask();
            answered(answer);
            return answer;
        } catch (IOException e) {
            failed(e);
            throw e;
        }
    }

    private synchronized void answered(Optional<Credentials> answer) {
        if (answer.isEmpty()) {
            none++;
            return;
        }
        given++;
        shown.put(answer.get(), true);
        if (shown.size() > MAX_REMEMBERED) {
            shown.remove(shown.keySet().iterator().next());
        }
    }

    private synchronized void failed(IOException failure) {
        failed++;
        trouble = Optional.of(new SourceStatus.Trouble(String.valueOf(failure.getMessage()), clock.instant()));
    }

    /** What has come of the questions so far. */
    public synchronized SourceCounts counts() {
        return new SourceCounts(name, given, none, failed, refused);
    }

    /** How it is now. */
    public SourceStatus status() {
        SourceState now = state.get();
        synchronized (this) {
            return new SourceStatus(now, counts(), trouble);
        }
    }
}
