package dev.sluice.install;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * Something that containerd's configuration has to say for a client to pull lazily.
 *
 * @param part what it is about
 * @param level whether it says so
 * @param explanation one sentence, without a full stop
 * @param remedy what makes it better, where something does
 */
public record Requirement(Part part, Level level, String explanation, Optional<Remedy> remedy) {
    public Requirement {
        requireNonNull(part, "part is null");
        requireNonNull(level, "level is null");
        requireNonNull(explanation, "explanation is null");
        requireNonNull(remedy, "remedy is null");
    }

    /** The parts of containerd's configuration that Sluice has to be in. */
    public enum Part {
        PROXY_PLUGIN("proxy plugin"),
        TRANSFER_SERVICE("transfer service"),
        IMAGE_LABELS("image labels"),
        USER_NAMESPACES("user namespaces"),
        CRI("CRI");

        private final String words;

        Part(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    /** What it means. */
    public enum Level {
        OK,
        /** Good to know; some clients pull lazily without. */
        NOTE,
        /** Nothing is lazy like this. */
        PROBLEM
    }

    /** What makes it better. */
    public sealed interface Remedy {}

    /** A change of the configuration. */
    public record Change(Setting setting) implements Remedy {
        public Change {
            requireNonNull(setting, "setting is null");
        }
    }

    /** containerd has to be started again. */
    public record Restart() implements Remedy {}

    static Requirement met(Part part, String explanation) {
        return new Requirement(part, Level.OK, explanation, Optional.empty());
    }

    static Requirement missing(Part part, Level level, String explanation, Setting setting) {
        return new Requirement(part, level, explanation, Optional.of(new Change(setting)));
    }
}
