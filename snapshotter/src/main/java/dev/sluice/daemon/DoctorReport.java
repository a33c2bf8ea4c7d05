package dev.sluice.daemon;

import static java.util.Objects.requireNonNull;

import java.util.List;

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
     * One thing that was looked at.
     *
     * @param subject such as {@code backend fuse}
     * @param explanation one sentence, without a full stop
     */
    public record Finding(String subject, Level level, String explanation) {
        public Finding {
            requireNonNull(subject, "subject is null");
            requireNonNull(level, "level is null");
            requireNonNull(explanation, "explanation is null");
        }
    }
}
