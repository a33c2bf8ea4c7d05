package dev.sluice.credentials;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.Optional;

/**
 * A source of credentials, for people.
 *
 * @param trouble the newest that came of a question; it may be over
 */
public record SourceStatus(SourceState state, SourceCounts counts, Optional<Trouble> trouble) {
    public SourceStatus {
        requireNonNull(state, "state is null");
        requireNonNull(counts, "counts is null");
        requireNonNull(trouble, "trouble is null");
    }

    /** Its name. */
    public String source() {
        return counts.source();
    }

    /**
     * A question that was not answered, or an answer that was refused.
     *
     * @param message without secrets
     */
    public record Trouble(String message, Instant at) {
        public Trouble {
            requireNonNull(message, "message is null");
            requireNonNull(at, "at is null");
        }
    }
}
