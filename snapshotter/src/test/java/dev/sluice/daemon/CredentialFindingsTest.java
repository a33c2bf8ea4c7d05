package dev.sluice.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.credentials.SourceCounts;
import dev.sluice.credentials.SourceState;
import dev.sluice.credentials.SourceStatus;
import dev.sluice.daemon.DoctorReport.Finding;
import dev.sluice.daemon.DoctorReport.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CredentialFindingsTest {
    private static final SourceStatus.Trouble TROUBLE =
            new SourceStatus.Trouble("what it gave for r was refused", Instant.parse("2026-01-02T03:04:05Z"));

    @TempDir
    Path directory;

    private Config config(String text) throws Exception {
        return ConfigLoader.load(Optional.of(Files.writeString(directory.resolve("sluice.toml"), text)), Map.of());
    }

    private static SourceStatus source(String name, SourceState.Level level, SourceStatus.Trouble... trouble) {
        return new SourceStatus(
                new SourceState(level, "it is so"),
                new SourceCounts(name, 0, 0, 0, 0),
                List.of(trouble).stream().findFirst());
    }

    @Test
    void aRunningDaemonKnowsBest() throws Exception {
        assertThat(CredentialFindings.of(
                        config("registry.docker_config = '/nowhere.json'\n"),
                        Optional.of(List.of(
                                source("kubernetes", SourceState.Level.BROKEN, TROUBLE),
                                source("kubelet", SourceState.Level.WORKS, TROUBLE),
                                source("cri", SourceState.Level.WORKS),
                                source("docker", SourceState.Level.EMPTY)))))
                .containsExactly(
                        new Finding("credentials from kubernetes", Level.PROBLEM, "it is so"),
                        new Finding(
                                "credentials from kubelet",
                                Level.NOTE,
                                "it is so; last trouble, 2026-01-02T03:04:05Z: what it gave for r was refused"),
                        new Finding("credentials from cri", Level.OK, "it is so"),
                        new Finding("credentials from docker", Level.NOTE, "it is so"));
    }

    @Test
    void withoutOneItLooksItself() throws Exception {
        Config config = config("""
                [registry]
                docker_config = "/nowhere.json"
                [credentials]
                sources = ["docker", "cri", "kubelet"]
                [credentials.kubelet]
                config = "%1$s/providers.yaml"
                bin_dir = "%1$s"
                """.formatted(directory));
        assertThat(CredentialFindings.of(config, Optional.empty()))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.level()).isEqualTo(Level.PROBLEM);
                    assertThat(finding.explanation())
                            .contains(directory.resolve("providers.yaml").toString());
                });

        Files.writeString(directory.resolve("providers.yaml"), """
                apiVersion: kubelet.config.k8s.io/v1
                kind: CredentialProviderConfig
                providers:
                - name: ecr
                  apiVersion: credentialprovider.kubelet.k8s.io/v1
                  matchImages: ["*.example.com"]
                  defaultCacheDuration: 12h
                """);
        assertThat(CredentialFindings.of(config, Optional.empty()))
                .containsExactly(
                        new Finding("credentials from docker", Level.NOTE, "there is no /nowhere.json"),
                        new Finding("credentials from cri", Level.NOTE, "seen by a running daemon only"),
                        new Finding(
                                "credentials from kubelet",
                                Level.PROBLEM,
                                "there is no program " + directory.resolve("ecr")));
    }

    @Test
    void aFileThatNobodyReadsIsTold() throws Exception {
        assertThat(CredentialFindings.of(
                        config("registry.docker_config = '/etc/docker.json'\ncredentials.sources = ['cri']\n"),
                        Optional.of(List.of())))
                .containsExactly(
                        new Finding("credentials", Level.NOTE, "credentials.sources names none"),
                        new Finding(
                                "registry.docker_config",
                                Level.NOTE,
                                "/etc/docker.json is not read: credentials.sources does not name docker"));
    }
}
