package dev.sluice.credentials;

import static java.util.Objects.requireNonNull;

/**
 * Whether a source of credentials can work now.
 *
 * @param explanation where it looks and what it has, or what it lacks; for people, without a full stop, and without secrets
 */
public record SourceState(Level level, String explanation) {
    /** What a state means. */
    public enum Level {
        /** It has credentials, or programs that give them. */
        WORKS,
        /** Nothing is wrong with it, but it has no credentials at all. */
        EMPTY,
        /** It cannot be asked, or not fully; what it knew before may still be in use. */
        BROKEN
    }

    public SourceState {
        requireNonNull(level, "level is null");
        requireNonNull(explanation, "explanation is null");
    }

    static SourceState works(String explanation) {
        return new SourceState(Level.WORKS, explanation);
    }

    static SourceState empty(String explanation) {
        return new SourceState(Level.EMPTY, explanation);
    }

    static SourceState broken(String explanation) {
        return new SourceState(Level.BROKEN, explanation);
    }
}
