package dev.sluice.daemon;

import dev.sluice.credentials.SourceState;
import dev.sluice.credentials.SourceStatus;
import dev.sluice.daemon.DoctorReport.Finding;
import dev.sluice.daemon.DoctorReport.Level;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** How {@code sluice doctor} reports where credentials come from. */
final class CredentialFindings {
    private static final String SUBJECT = "credentials from ";

    private CredentialFindings() {}

    /** @param running what a running daemon says of its sources, which counts more than what can be seen from here; empty if none runs */
    static List<Finding> of(Config config, Optional<List<SourceStatus>> running) {
        List<Finding> findings = new ArrayList<>(running.map(
                        sources -> sources.stream().map(CredentialFindings::of).toList())
                .orElseGet(() -> withoutDaemon(config)));
        if (findings.isEmpty()) {
            findings.add(new Finding("credentials", Level.NOTE, "credentials.sources names none"));
        }
        config.registry()
                .dockerConfig()
                .filter(file -> !config.credentials().uses(CredentialSourceName.DOCKER))
                .map(file -> new Finding(
                        "registry.docker_config",
                        Level.NOTE,
                        file + " is not read: credentials.sources does not name docker"))
                .ifPresent(findings::add);
        return findings;
    }

    private static Finding of(SourceStatus source) {
        SourceState state = source.state();
        String trouble = source.trouble()
                .map(last -> "; last trouble, " + last.at() + ": " + last.message())
                .orElse("");
        return switch (state.level()) {
            case WORKS ->
                new Finding(
                        SUBJECT + source.source(),
                        trouble.isEmpty() ? Level.OK : Level.NOTE,
                        state.explanation() + trouble);
            case EMPTY -> new Finding(SUBJECT + source.source(), Level.NOTE, state.explanation() + trouble);
            // What is wrong now matters more than what was.
            case BROKEN -> new Finding(SUBJECT + source.source(), Level.PROBLEM, state.explanation());
        };
    }

    /** As a daemon would find them that is started like this command. */
    private static List<Finding> withoutDaemon(Config config) {
        try (CredentialSources sources = CredentialSources.open(config)) {
            sources.awaitFirst();
            return sources.status().stream()
                    .map(source -> source.source().equals(CredentialSourceName.CRI.toString())
                            ? new Finding(SUBJECT + source.source(), Level.NOTE, "seen by a running daemon only")
                            : of(source))
                    .toList();
        } catch (IOException e) {
            return List.of(new Finding("credentials", Level.PROBLEM, String.valueOf(e.getMessage())));
        }
    }
}
