package dev.sluice.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.containerd.LoadedPlugin;
import dev.sluice.daemon.DoctorReport.Finding;
import dev.sluice.daemon.DoctorReport.Fix;
import dev.sluice.daemon.DoctorReport.Level;
import dev.sluice.install.ContainerdCheck;
import dev.sluice.install.ContainerdConfiguration;
import dev.sluice.install.ContainerdVersion;
import dev.sluice.install.RunningContainerd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each line of the README that is missing is found, and brought by its fix. */
class ContainerdFindingsTest {
    private static final Path SOCKET = Path.of("/run/sluice/sluice.sock");
    private static final String PROXY = """
            [proxy_plugins.sluice]
            type = "snapshot"
            address = "/run/sluice/sluice.sock"
            capabilities = ["remap-ids"]
            """;
    private static final String LABELS = """
            [proxy_plugins.sluice.exports]
            enable_remote_snapshot_annotations = "true"
            """;
    private static final String TRANSFER = """
            [plugins."io.containerd.transfer.v1.local"]
            unpack_config = [{ platform = "linux", snapshotter = "overlayfs" }, { platform = "linux", snapshotter = "sluice" }]
            """;
    private static final String CRI_2 = """
            [plugins."io.containerd.cri.v1.images"]
            snapshotter = "sluice"
            """;
    private static final String CRI_1 = """
            [plugins."io.containerd.grpc.v1.cri".containerd]
            snapshotter = "sluice"
            disable_snapshot_annotations = false
            """;
    private static final String ARCHITECTURE = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
    private static final Optional<RunningContainerd> VERSION_1 = running("1.6.20~ds1", SOCKET.toString());
    private static final Optional<RunningContainerd> VERSION_2 = running("v2.4.2", "unix://" + SOCKET);

    @TempDir
    private Path directory;

    @Test
    void acceptsAllLinesOnContainerd1() throws Exception {
        assertThat(check(VERSION_1, "version = 2\n", PROXY, CRI_1))
                .extracting(Finding::level)
                .containsExactly(Level.OK, Level.OK);
    }

    @Test
    void acceptsAllLinesOnContainerd2() throws Exception {
        assertThat(check(VERSION_2, "version = 3\n", PROXY, LABELS, TRANSFER, CRI_2))
                .extracting(Finding::level)
                .containsExactly(Level.OK, Level.OK, Level.OK, Level.OK, Level.OK);
    }

    @Test
    void findsThatNoProxyPluginIsNamed() throws Exception {
        assertFixed(
                running("v2.4.2", "/other.sock"),
                "version = 3\n" + TRANSFER + CRI_2,
                Level.PROBLEM,
                "proxy_plugins",
                "sluice = { type = \"snapshot\", address = \"/run/sluice/sluice.sock\", exports = {"
                        + " enable_remote_snapshot_annotations = \"true\" }, capabilities = [\"remap-ids\"] }");
    }

    @Test
    void findsThatNoProxyPluginIsNamedInAFileThatIsNotThere() throws Exception {
        List<Finding> findings = findings(directory.resolve("none"), Optional.empty());

        assertThat(findings).first().extracting(Finding::level).isEqualTo(Level.PROBLEM);
    }

    @Test
    void findsAnAddressWhereSluiceDoesNotServe() throws Exception {
        assertFixed(
                running("1.6.20", "/other.sock"),
                "version = 2\n" + CRI_1 + "[proxy_plugins.sluice]\ntype = \"snapshot\"\n",
                Level.PROBLEM,
                "proxy_plugins.sluice",
                "address = \"/run/sluice/sluice.sock\"");
        assertThat(check(
                        running("1.6.20", "/run/old.sock"),
                        "version = 2\n",
                        PROXY.replace("/run/sluice/sluice.sock", "/run/old.sock"),
                        CRI_1))
                .first()
                .extracting(Finding::explanation)
                .asString()
                .contains("/run/old.sock");
    }

    @Test
    void findsAProxyPluginThatIsNoSnapshotter() throws Exception {
        assertFixed(
                running("1.6.20", "/other.sock"),
                "version = 2\n" + CRI_1 + "[proxy_plugins.sluice]\naddress = \"" + SOCKET + "\"\n",
                Level.PROBLEM,
                "proxy_plugins.sluice",
                "type = \"snapshot\"");
    }

    @Test
    void findsThatContainerdWasNotStartedAgain() throws Exception {
        assertThat(check(running("1.6.20", "/other.sock"), "version = 2\n", PROXY, CRI_1))
                .first()
                .satisfies(finding -> {
                    assertThat(finding.level()).isEqualTo(Level.PROBLEM);
                    assertThat(finding.fix()).contains(new Fix("in a shell", "systemctl restart containerd"));
                });
    }

    @Test
    void findsThatContainerdReadsAnotherFile() throws Exception {
        assertThat(check(VERSION_2, "version = 3\n")).singleElement().satisfies(finding -> {
            assertThat(finding.level()).isEqualTo(Level.NOTE);
            assertThat(finding.explanation()).contains("--containerd-config");
        });
    }

    @Test
    void findsThatTheTransferServiceDoesNotUnpackForSluice() throws Exception {
        assertFixed(
                VERSION_2,
                "version = 3\n" + PROXY + LABELS + CRI_2,
                Level.PROBLEM,
                "plugins.\"io.containerd.transfer.v1.local\"",
                "unpack_config = [{ platform = \"linux\", snapshotter = \"overlayfs\" }, { platform ="
                        + " \"linux(+erofs)/" + ARCHITECTURE
                        + "\", snapshotter = \"erofs\", differ = \"erofs\", optional ="
                        + " true }, { platform = \"linux\", snapshotter = \"sluice\" }]");
    }

    @Test
    void keepsTheOtherTargetsOfTheTransferService() throws Exception {
        String others = """
                [[plugins."io.containerd.transfer.v1.local".unpack_config]]
                platform = "linux/amd64"
                snapshotter = "native"
                """;

        assertThat(onlyFix(check(VERSION_2, "version = 3\n", PROXY, LABELS, CRI_2, others))
                        .line())
                .isEqualTo("unpack_config = [{ platform = \"linux/amd64\", snapshotter = \"native\" },"
                        + " { platform = \"linux\", snapshotter = \"sluice\" }] # instead of those that are there");
    }

    @Test
    void saysNothingOfTheTransferServiceOnContainerd1() throws Exception {
        assertThat(check(VERSION_1, "version = 2\n", PROXY, CRI_1))
                .extracting(Finding::subject)
                .containsExactly("containerd: proxy plugin", "containerd: CRI");
    }

    @Test
    void notesWhatContainerd2WouldNeedWhereNoneRuns() throws Exception {
        assertThat(check(Optional.empty(), "version = 2\n", PROXY, CRI_1))
                .extracting(Finding::level)
                .containsExactly(Level.OK, Level.NOTE, Level.NOTE, Level.OK);
    }

    @Test
    void findsThatTheTransferServiceDoesNotNameImages() throws Exception {
        assertFixed(
                VERSION_2,
                "version = 3\n" + PROXY + TRANSFER + CRI_2,
                Level.NOTE,
                "proxy_plugins.sluice.exports",
                "enable_remote_snapshot_annotations = \"true\"");
    }

    @Test
    void findsAKubeletWithAnotherSnapshotterOnContainerd1() throws Exception {
        assertFixed(
                VERSION_1,
                "version = 2\n" + PROXY + CRI_1.replace("snapshotter = \"sluice\"\n", ""),
                Level.NOTE,
                "plugins.\"io.containerd.grpc.v1.cri\".containerd",
                "snapshotter = \"sluice\"");
    }

    @Test
    void findsAKubeletWithAnotherSnapshotterOnContainerd2() throws Exception {
        assertFixed(
                VERSION_2,
                "version = 3\n" + PROXY + LABELS + TRANSFER,
                Level.NOTE,
                "plugins.\"io.containerd.cri.v1.images\"",
                "snapshotter = \"sluice\"");
    }

    @Test
    void findsThatContainerd2IgnoresTheSnapshotterOfOlderFiles() throws Exception {
        List<Finding> findings = check(VERSION_2, "version = 2\n", PROXY, LABELS, TRANSFER, CRI_1);

        assertThat(findings).last().satisfies(finding -> {
            assertThat(finding.level()).isEqualTo(Level.NOTE);
            assertThat(finding.explanation()).contains("ignores");
        });
        String runtimes = "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]\n";
        assertThat(check(VERSION_2, "version = 2\n", PROXY, LABELS, TRANSFER, CRI_1, runtimes))
                .last()
                .extracting(Finding::level)
                .isEqualTo(Level.OK);
    }

    @Test
    void findsThatCriOfContainerd1DoesNotNameImages() throws Exception {
        assertFixed(
                VERSION_1,
                "version = 2\n" + PROXY + CRI_1.replace("disable_snapshot_annotations = false\n", ""),
                Level.NOTE,
                "plugins.\"io.containerd.grpc.v1.cri\".containerd",
                "disable_snapshot_annotations = false");
    }

    @Test
    void findsThatCriOfContainerd2PullsByItselfAndDoesNotNameImages() throws Exception {
        assertFixed(
                VERSION_2,
                "version = 3\n" + PROXY + LABELS + TRANSFER + CRI_2 + "use_local_image_pull = true\n",
                Level.NOTE,
                "plugins.\"io.containerd.cri.v1.images\"",
                "disable_snapshot_annotations = false");
    }

    @Test
    void findsThatDiscardingLayersKeepsCriOfContainerd2FromTheTransferService() throws Exception {
        List<Finding> findings =
                check(VERSION_2, "version = 3\n", PROXY, LABELS, TRANSFER, CRI_2 + "discard_unpacked_layers = true\n");

        assertThat(onlyFix(findings))
                .isEqualTo(new Fix(
                        "under [plugins.\"io.containerd.cri.v1.images\"] in " + directory.resolve("config.toml"),
                        "disable_snapshot_annotations = false"));
    }

    @Test
    void saysHowAKubeletPullsOnContainerd2() throws Exception {
        String[] parts = {"version = 3\n", PROXY, LABELS, TRANSFER, CRI_2};
        assertThat(check(VERSION_2, parts)).last().satisfies(finding -> {
            assertThat(finding.level()).isEqualTo(Level.OK);
            assertThat(finding.explanation()).contains("through the transfer service");
        });
        parts[4] = CRI_2 + "disable_snapshot_annotations = false\n";
        assertThat(check(VERSION_2, parts)).last().satisfies(finding -> {
            assertThat(finding.level()).isEqualTo(Level.OK);
            assertThat(finding.explanation()).contains("says which image");
        });
    }

    @Test
    void leavesCriAloneWhereItIsOff() throws Exception {
        String off = "version = 2\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n";

        assertThat(check(VERSION_1, off, PROXY)).extracting(Finding::level).containsExactly(Level.OK, Level.OK);
    }

    /** The only finding that is not fine has this fix; pasted, nothing is left to find once containerd runs with it. */
    private void assertFixed(
            Optional<RunningContainerd> running, String configuration, Level level, String table, String line)
            throws Exception {
        List<Finding> findings = check(running, configuration);
        assertThat(onlyFix(findings))
                .isEqualTo(new Fix("under [" + table + "] in " + directory.resolve("config.toml"), line));
        assertThat(findings)
                .filteredOn(finding -> finding.fix().isPresent())
                .extracting(Finding::level)
                .containsExactly(level);
        String heading = "[" + table + "]\n";
        String pasted = configuration.contains(heading)
                ? configuration.replace(heading, heading + line + "\n")
                : configuration + heading + line + "\n";
        assertThat(check(running.get().number().orElseThrow().major() == 1 ? VERSION_1 : VERSION_2, pasted))
                .as(pasted)
                .extracting(Finding::level)
                .containsOnly(Level.OK);
    }

    private static Fix onlyFix(List<Finding> findings) {
        assertThat(findings).filteredOn(finding -> finding.level() != Level.OK).hasSize(1);
        return findings.stream()
                .flatMap(finding -> finding.fix().stream())
                .findFirst()
                .orElseThrow();
    }

    private List<Finding> check(Optional<RunningContainerd> running, String... parts) throws IOException {
        Path file = directory.resolve("config.toml");
        Files.writeString(file, String.join("", parts));
        return findings(file, running);
    }

    /** Without the one that names the command which writes all lines. */
    private static List<Finding> findings(Path file, Optional<RunningContainerd> running) throws IOException {
        Optional<ContainerdVersion> version = running.flatMap(RunningContainerd::number);
        boolean wholeSections = version.filter(known -> known.major() == 1).isPresent();
        ContainerdCheck check =
                new ContainerdCheck(ContainerdConfiguration.read(file, wholeSections), version, running, SOCKET);
        List<Finding> all = ContainerdFindings.of(check.requirements(), file);
        List<Finding> findings = all.stream()
                .filter(finding -> !finding.explanation().startsWith("`sluice install"))
                .toList();
        boolean lines = findings.stream()
                .flatMap(finding -> finding.fix().stream())
                .anyMatch(fix -> !fix.where().equals("in a shell"));
        assertThat(all.size() > findings.size()).as("the command is named").isEqualTo(lines);
        return findings;
    }

    private static Optional<RunningContainerd> running(String version, String address) {
        return Optional.of(new RunningContainerd(
                version,
                List.of(
                        new LoadedPlugin("io.containerd.snapshotter.v1", "overlayfs", Map.of()),
                        new LoadedPlugin("io.containerd.snapshotter.v1", "sluice", Map.of("address", address)))));
    }
}
