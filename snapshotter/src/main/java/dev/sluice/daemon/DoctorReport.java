package dev.sluice.daemon;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;

/** What {@code sluice doctor} found, in the order in which it is read best. */
public record DoctorReport(List<Finding> findings) {
    public DoctorReport {
        findings = List.copyOf(findings);
    }

    /** Whether Sluice can work on this machine. */
    public boolean healthy() {
        return findings.stream().noneMatch(finding -> finding.level() == Level.PROBLEM);
    }

    /** What a finding means. */
    public enum Level {
        OK,
        /** Good to know; Sluice works without. */
        NOTE,
        /** Sluice does not work like this. */
        PROBLEM
    }

    /**
     * A line to paste.
     *
     * @param where completes "fix, ...": the place in a file, or a shell
     * @param line TOML or a command, without a line break
     */
    public record Fix(String where, String line) {
        public Fix {
            requireNonNull(where, "where is null");
            requireNonNull(line, "line is null");
        }
    }

    /**
     * One thing that was looked at.
     *
     * @param subject such as {@code backend fuse}
     * @param explanation one sentence, without a full stop
     * @param fix what makes it better, where one line does
     */
    public record Finding(String subject, Level level, String explanation, Optional<Fix> fix) {
        /** Of what no line can make better. */
        public Finding(String subject, Level level, String explanation) {
            this(subject, level, explanation, Optional.empty());
        }

        public Finding {
            requireNonNull(subject, "subject is null");
            requireNonNull(level, "level is null");
            requireNonNull(explanation, "explanation is null");
            requireNonNull(fix, "fix is null");
        }
    }
}
