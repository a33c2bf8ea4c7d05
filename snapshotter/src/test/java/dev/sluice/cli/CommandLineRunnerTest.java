package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.credentials.SourceCounts;
import dev.sluice.credentials.SourceState;
import dev.sluice.credentials.SourceStatus;
import dev.sluice.daemon.AdminAddress;
import dev.sluice.daemon.BackendChoice;
import dev.sluice.daemon.Commands;
import dev.sluice.daemon.Config;
import dev.sluice.daemon.DoctorReport;
import dev.sluice.daemon.DoctorReport.Finding;
import dev.sluice.daemon.DoctorReport.Fix;
import dev.sluice.daemon.DoctorReport.Level;
import dev.sluice.daemon.Runners;
import dev.sluice.daemon.StatusReport;
import dev.sluice.index.PublishedIndex;
import dev.sluice.mount.LayerExplanation;
import dev.sluice.mount.LayerStatus;
import dev.sluice.mount.TaintedMount;
import dev.sluice.node.NodeGate;
import dev.sluice.node.NodeHost;
import dev.sluice.node.NodeInstaller;
import dev.sluice.node.NodeReleaser;
import dev.sluice.node.NodeUninstaller;
import dev.sluice.registry.Digest;
import dev.sluice.registry.ImageReference;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineRunnerTest {
    private static final Digest LAYER = Digest.sha256(new byte[] {3});
    private static final List<LayerExplanation> EXPLAINED = List.of(
            new LayerExplanation(
                    LAYER.toString(), "a/b", 5 << 20, "estargz", true, "it is so", 1 << 20, 2 << 20, Optional.empty()),
            new LayerExplanation(
                    LAYER.toString(), "a/c", 7 << 20, "tar", false, "it is not", 7 << 20, 0, Optional.of("do this")));
    private static final List<Runners.IndexRunner.LayerIndexing> INDEXED = List.of(
            new Runners.IndexRunner.LayerIndexing(LAYER, 10_000, 150, true, 7),
            new Runners.IndexRunner.LayerIndexing(LAYER, 10_000, 150, false, 0),
            new Runners.IndexRunner.LayerIndexing(LAYER, 10_000, 0, false, 0));

    private static final StatusReport STATUS = new StatusReport(
            "1.0",
            "fuse",
            "process 4711",
            Path.of("/var/lib/sluice"),
            Path.of("/run/sluice/sluice.sock"),
            Path.of("/run/containerd/containerd.sock"),
            Instant.parse("2026-01-02T03:04:05Z"),
            List.of(new LayerStatus(
                    "sha256:ab", "estargz", List.of("r/app"), 10, 200, 50, 5, 2, 1, 3, List.of(Path.of("/m/1")))),
            List.of(new StatusReport.ImageMount("r/app:1", Path.of("/mnt"))),
            List.of(new TaintedMount(Path.of("/run/rootfs"), "sha256:ab")),
            List.of(
                    new SourceStatus(
                            new SourceState(SourceState.Level.WORKS, "2 pull secrets of shared followed"),
                            new SourceCounts("kubernetes", 9, 8, 7, 6),
                            Optional.of(new SourceStatus.Trouble(
                                    "what it gave for r was refused", Instant.parse("2026-01-02T04:00:00Z")))),
                    new SourceStatus(
                            new SourceState(SourceState.Level.BROKEN, "it is not a JSON object"),
                            new SourceCounts("docker", 0, 0, 0, 0),
                            Optional.empty())));
    private static final Digest A = Digest.sha256(new byte[] {1});
    private static final Digest B = Digest.sha256(new byte[] {2});
    private static final DoctorReport HEALTHY =
            new DoctorReport(List.of(new Finding("backend fuse", Level.OK, "works")));
    private static final DoctorReport SICK = new DoctorReport(List.of(
            new Finding("kernel", Level.NOTE, "6.1"),
            new Finding(
                    "backend fuse",
                    Level.PROBLEM,
                    "no /dev/fuse",
                    Optional.of(new Fix("in a shell", "modprobe fuse")))));

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final List<String> calls = new ArrayList<>();
    private final List<Config> configs = new ArrayList<>();
    private final List<PublishedIndex> indexes = new ArrayList<>();

    @Test
    void theDaemonTakesAllItsOptionsOverItsFile(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(
                directory.resolve("c.toml"), "root = '/file'\nlog_level = 'warn'\nbackend = 'fanotify'\n");
        int status = run(
                "daemon",
                "--config",
                file.toString(),
                "--root",
                "/option",
                "--address=/run/a.sock",
                "--containerd",
                "/run/c.sock",
                "--backend",
                "fuse",
                "--admin",
                "127.0.0.1:9000");
        assertThat(status).isZero();
        assertThat(calls).containsExactly("daemon");
        Config config = configs.get(0);
        assertThat(config.root()).isEqualTo(Path.of("/option"));
        assertThat(config.address()).isEqualTo(Path.of("/run/a.sock"));
        assertThat(config.containerd()).isEqualTo(Path.of("/run/c.sock"));
        assertThat(config.backend()).isEqualTo(BackendChoice.FUSE);
        assertThat(config.admin()).isEqualTo(new AdminAddress.Loopback("127.0.0.1", 9000));
        assertThat(config.logLevel()).hasToString("WARN");
    }

    @Test
    void pathsAreMadeAbsolute() {
        assertThat(run("daemon", "--root", "some/../dir")).isZero();
        assertThat(configs.get(0).root()).isEqualTo(Path.of("dir").toAbsolutePath());
    }

    @Test
    void mountNormalizesTheReference() {
        assertThat(run("mount", "alpine", "/mnt", "--root", "/r", "--admin", "/run/x.sock"))
                .isZero();
        assertThat(calls).containsExactly("mount docker.io/library/alpine:latest /mnt");
        assertThat(configs.get(0).root()).isEqualTo(Path.of("/r"));
        assertThat(configs.get(0).admin()).isEqualTo(new AdminAddress.UnixSocket(Path.of("/run/x.sock")));
    }

    @Test
    void umountTakesADirectory() {
        assertThat(run("umount", "/mnt")).isZero();
        assertThat(calls).containsExactly("umount /mnt");
    }

    @Test
    void statusIsTextForPeople() {
        assertThat(run("status")).isZero();
        assertThat(out.toString())
                .contains("backend fuse")
                .contains("sha256:ab")
                .contains("25.0% of 200 bytes here")
                .contains("from r/app")
                .contains("1 mismatches")
                .contains("r/app:1 is mounted at /mnt")
                .containsSubsequence(
                        "credentials from kubernetes: 2 pull secrets of shared followed",
                        "  given 9 times, refused 6 times, nothing known 8 times, failed 7 times",
                        "  last trouble, 2026-01-02T04:00:00Z: what it gave for r was refused",
                        "credentials from docker: BROKEN: it is not a JSON object",
                        "  given 0 times");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void statusIsJsonForPrograms() throws IOException {
        assertThat(run("status", "--json")).isZero();
        JsonNode json = new ObjectMapper().readTree(out.toString());
        assertThat(json.path("backend").asText()).isEqualTo("fuse");
        assertThat(json.path("keeper").asText()).isEqualTo("process 4711");
        assertThat(json.path("started").asText()).isEqualTo("2026-01-02T03:04:05Z");
        JsonNode layer = json.path("layers").path(0);
        assertThat(layer.path("present_bytes").asLong()).isEqualTo(50);
        assertThat(layer.path("sources").path(0).asText()).isEqualTo("r/app");
        assertThat(layer.path("mounts").path(0).asText()).isEqualTo("/m/1");
        assertThat(json.path("image_mounts").path(0).path("directory").asText()).isEqualTo("/mnt");
        assertThat(json.path("tainted").path(0).path("directory").asText()).isEqualTo("/run/rootfs");
        JsonNode source = json.path("credential_sources").path(0);
        assertThat(source.path("name").asText()).isEqualTo("kubernetes");
        assertThat(source.path("state").asText()).isEqualTo("works");
        assertThat(source.path("refused").asLong()).isEqualTo(6);
        assertThat(source.path("trouble").path("at").asText()).isEqualTo("2026-01-02T04:00:00Z");
        assertThat(json.path("credential_sources").path(1).has("trouble")).isFalse();
    }

    @Test
    void doctorSaysWhatItFound() throws IOException {
        assertThat(run("doctor")).isZero();
        assertThat(out.toString().strip()).isEqualTo("ok       backend fuse: works");
    }

    @Test
    void doctorFailsWhereSluiceCannotWork() throws IOException {
        assertThat(run(SICK, "doctor", "--json")).isEqualTo(1);
        JsonNode json = new ObjectMapper().readTree(out.toString());
        assertThat(json.path("healthy").asBoolean(true)).isFalse();
        JsonNode finding = json.path("findings").path(1);
        assertThat(finding.path("level").asText()).isEqualTo("problem");
        assertThat(finding.path("fix").path("where").asText()).isEqualTo("in a shell");
        assertThat(finding.path("fix").path("line").asText()).isEqualTo("modprobe fuse");
        assertThat(err.toString().strip()).isEqualTo("sluice: Sluice does not work on this machine like this");
    }

    @Test
    void doctorPrintsLinesToPaste() {
        assertThat(run(SICK, "doctor")).isEqualTo(1);
        assertThat(out.toString().lines())
                .containsExactly(
                        "note     kernel: 6.1",
                        "problem  backend fuse: no /dev/fuse",
                        "         fix, in a shell: modprobe fuse");
    }

    @Test
    void doctorReadsContainerdsConfigurationWhereItUsuallyIsOrWhereItIsSaidToBe() {
        assertThat(run("doctor")).isZero();
        assertThat(run("doctor", "--containerd-config", "/srv/containerd.toml")).isZero();
        assertThat(calls).containsExactly("doctor /etc/containerd/config.toml", "doctor /srv/containerd.toml");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "bogus",
                "daemon --bogus",
                "daemon --backend zfs",
                "daemon --admin 0.0.0.0:80",
                "daemon --config /does/not/exist",
                "mount alpine",
                "mount x/UPPER /mnt",
                "mount",
                "umount",
                "umount /a /b",
                "status extra",
                "index",
                "index ls",
                "index ls x/UPPER",
                "index rm alpine",
                "index rm alpine latest",
                "index bogus",
            })
    void aWrongCommandLineIsOneSentenceAndStatus2(String line) {
        assertThat(run(line.isEmpty() ? new String[0] : line.split(" "))).isEqualTo(2);
        assertThat(err.toString().lines()).hasSize(1).first().asString().startsWith("sluice: ");
        assertThat(out.toString()).isEmpty();
        assertThat(calls).isEmpty();
    }

    @Test
    void aFailureIsOneSentenceAndStatus1() {
        assertThat(run("umount", "/failing")).isEqualTo(1);
        assertThat(err.toString().strip()).isEqualTo("sluice: nothing is mounted there");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--help",
                "daemon --help",
                "mount --help",
                "umount --help",
                "status --help",
                "doctor -h",
                "rescue --help",
                "cleanup --help",
                "index --help",
                "index ls --help",
                "index rm --help"
            })
    void helpGoesToStdout(String line) {
        assertThat(run(line.split(" "))).isZero();
        assertThat(out.toString()).startsWith("Usage: sluice").contains("Exit status: 0 done, 1 failed, 2 ");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void versionIsOneLine() {
        assertThat(run("--version")).isZero();
        assertThat(out.toString()).matches("sluice \\S+\\R");
    }

    @Test
    void indexesAreListedForPeople() {
        indexes.add(new PublishedIndex(A, B, Optional.of(Instant.parse("2026-01-02T03:04:05Z")), Optional.of("0123")));
        indexes.add(new PublishedIndex(B, B, Optional.empty(), Optional.empty()));

        assertThat(run("index", "ls", "alpine")).isZero();

        assertThat(calls).containsExactly("index ls docker.io/library/alpine:latest");
        assertThat(out.toString().lines())
                .containsExactly(
                        A + " of manifest " + B + ", made at 2026-01-02T03:04:05Z, signed with key 0123",
                        B + " of manifest " + B + ", not signed");
    }

    @Test
    void anImageWithoutIndexesHasASentence() {
        assertThat(run("index", "ls", "alpine")).isZero();
        assertThat(out.toString().strip()).isEqualTo("there is no index of docker.io/library/alpine:latest");
    }

    @Test
    void indexesAreListedForPrograms() throws IOException {
        indexes.add(new PublishedIndex(A, B, Optional.of(Instant.parse("2026-01-02T03:04:05Z")), Optional.of("0123")));

        assertThat(run("index", "ls", "alpine", "--json")).isZero();

        JsonNode json = new ObjectMapper().readTree(out.toString()).path(0);
        assertThat(json.path("index").asText()).isEqualTo(A.toString());
        assertThat(json.path("manifest").asText()).isEqualTo(B.toString());
        assertThat(json.path("created").asText()).isEqualTo("2026-01-02T03:04:05Z");
        assertThat(json.path("key").asText()).isEqualTo("0123");
    }

    @Test
    void anIndexIsRemovedByItsDigest(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("c.toml"), "log_level = 'warn'\n");

        assertThat(run("index", "rm", "r.example/app:1", A.toString(), "--config", file.toString()))
                .isZero();

        assertThat(calls).containsExactly("index rm r.example/app:1 " + A);
        assertThat(configs.get(0).logLevel()).hasToString("WARN");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void rescueGoesOnUnlessItIsForOnce() {
        assertThat(run("rescue", "--root", "/srv/sluice")).isZero();
        assertThat(run("rescue", "--once")).isZero();
        assertThat(calls).containsExactly("rescue false", "rescue true");
        assertThat(configs.get(0).root()).isEqualTo(Path.of("/srv/sluice"));
    }

    @Test
    void cleanupDeletesNothingUnlessItIsToldTo() {
        assertThat(run("cleanup", "--root", "/srv/sluice")).isZero();
        assertThat(run("cleanup", "--check")).isZero();
        assertThat(run("cleanup", "--delete")).isZero();
        assertThat(run("cleanup", "--check", "--delete")).isEqualTo(2);
        assertThat(calls).containsExactly("cleanup false false", "cleanup true false", "cleanup false true");
        assertThat(configs.get(0).root()).isEqualTo(Path.of("/srv/sluice"));
    }

    @Test
    void cleanupListsWhatItWouldDelete() {
        assertThat(run("cleanup", "--list", "--root", "/srv/sluice")).isZero();
        assertThat(run("cleanup", "--list", "--delete")).isEqualTo(2);
        assertThat(calls).containsExactly("leftovers");
        assertThat(out.toString()).isEqualTo("/srv/sluice\n/srv/sluice/layers\n");
    }

    private int run(String... args) {
        return run(HEALTHY, args);
    }

    @Test
    void aPodInstallsOntoTheHostThatIsMountedIntoIt() {
        assertThat(run("node", "install", "--cri", "--restart-containerd")).isZero();

        assertThat(calls)
                .containsExactly("node install "
                        + new NodeInstaller.Settings(
                                new NodeHost(Path.of("/host")), Path.of("/opt/sluice"), Optional.empty(), true, true));
    }

    @Test
    void aPodDoesNotInstallASettingThatNoDaemonWouldTake(@TempDir Path directory) throws IOException {
        Path config = Files.writeString(directory.resolve("config.toml"), "bakend = \"fuse\"\n");

        assertThat(run("node", "install", "--config", config.toString())).isEqualTo(2);

        assertThat(calls).isEmpty();
        assertThat(err.toString()).contains("bakend");
    }

    @Test
    void aPodThatUninstallsDoesNotWaitForItself() {
        assertThat(run("node", "uninstall", "--host", "/mnt", "--pod", "1-2")).isZero();

        assertThat(calls)
                .containsExactly("node uninstall "
                        + new NodeUninstaller.Settings(new NodeHost(Path.of("/mnt")), Optional.of("1-2"), false));
    }

    @Test
    void aPodThatReleasesItsNodeDoesNotWaitForItself() {
        assertThat(run("node", "release", "--config", "/config/config.toml", "--pod", "1-2"))
                .isZero();

        assertThat(calls)
                .containsExactly("node release "
                        + new NodeReleaser.Settings(
                                Optional.of(Path.of("/config/config.toml")),
                                Path.of("/opt/sluice"),
                                Optional.of("1-2")));
    }

    @Test
    void aGateHasANode() {
        assertThat(run("node", "gate")).isEqualTo(2);
        assertThat(run("node", "gate", "--node", "one", "--taint")).isZero();

        assertThat(calls)
                .containsExactly("node gate "
                        + new NodeGate.Settings(
                                "one",
                                true,
                                false,
                                Path.of("/run/sluice/admin.sock"),
                                Path.of("/run/containerd/containerd.sock"),
                                Path.of("/run/gate"),
                                Optional.empty()));
    }

    private int run(DoctorReport doctor, String... args) {
        Runners runners = new Runners(
                config -> called("daemon", config),
                (config, reference, directory) -> called("mount " + reference + " " + directory, config),
                (config, directory) -> {
                    if (directory.equals(Path.of("/failing"))) {
                        throw new IOException("nothing is\n mounted there");
                    }
                    called("umount " + directory, config);
                },
                config -> STATUS,
                (config, containerdConfig) -> {
                    called("doctor " + containerdConfig, config);
                    return doctor;
                },
                (config, once) -> called("rescue " + once, config),
                new Runners.CleanupRunner() {
                    @Override
                    public void cleanup(Config config, boolean check, boolean delete) {
                        called("cleanup " + check + " " + delete, config);
                    }

                    @Override
                    public List<Path> leftovers(Config config) {
                        called("leftovers", config);
                        return List.of(config.root(), config.root().resolve("layers"));
                    }
                },
                new Runners.IndexRunner() {
                    @Override
                    public List<PublishedIndex> list(Config config, ImageReference image) {
                        called("index ls " + image, config);
                        return indexes;
                    }

                    @Override
                    public List<LayerIndexing> create(Config config, ImageReference image) {
                        called("index create " + image, config);
                        return INDEXED;
                    }

                    @Override
                    public Publication push(Config config, ImageReference image) {
                        called("index push " + image, config);
                        return new Publication(Digest.sha256(new byte[] {1}), Digest.sha256(new byte[] {2}), INDEXED);
                    }

                    @Override
                    public void remove(Config config, ImageReference image, Digest artifact) {
                        called("index rm " + image + " " + artifact, config);
                    }
                },
                (config, image) -> {
                    called("explain " + image, config);
                    return EXPLAINED;
                },
                new Runners.NodeRunner() {
                    @Override
                    public void install(NodeInstaller.Settings settings) {
                        calls.add("node install " + settings);
                    }

                    @Override
                    public void uninstall(NodeUninstaller.Settings settings) {
                        calls.add("node uninstall " + settings);
                    }

                    @Override
                    public void finish(boolean restartContainerd) {
                        calls.add("node finish " + restartContainerd);
                    }

                    @Override
                    public void release(NodeReleaser.Settings settings) {
                        calls.add("node release " + settings);
                    }

                    @Override
                    public void gate(NodeGate.Settings settings) {
                        calls.add("node gate " + settings);
                    }
                },
                Commands.runners().install());
        return CommandLineRunner.run(runners, new PrintWriter(out, true), new PrintWriter(err, true), args);
    }

    private void called(String call, Config config) {
        calls.add(call);
        configs.add(config);
    }

    @Test
    void explainSaysWhatEachLayerCosts() {
        assertThat(run("explain", "registry.local/app:1")).isZero();

        assertThat(calls).containsExactly("explain registry.local/app:1");
        assertThat(out.toString())
                .contains(
                        LAYER + "  lazy  estargz, 5.0 MiB",
                        "it is so",
                        "at pull 1.0 MiB, at the first read of a place 2.0")
                .contains(LAYER + "  whole tar, 7.0 MiB", "it is not", "better: do this")
                .contains("1 of 2 layers are lazy; a pull fetches 8.0 MiB of 12.0 MiB");
    }

    @Test
    void explainAsJson() {
        assertThat(run("explain", "registry.local/app:1", "--json")).isZero();

        assertThat(out.toString()).contains("\"lazy\" : true", "\"pull_bytes\" : 1048576", "\"advice\" : \"do this\"");
    }

    @Test
    void indexCreateSaysWhatBecameOfEachLayer() {
        assertThat(run("index", "create", "registry.local/app:1")).isZero();

        assertThat(calls).containsExactly("index create registry.local/app:1");
        assertThat(out.toString())
                .contains(LAYER + " was read: 150 bytes of index, 1.50 % of the layer, to be read in 7 pieces")
                .contains(
                        LAYER + " was known: 150 bytes of index, 1.50 % of the layer, but it can only be decoded as a")
                .contains(LAYER + " needs none: it is not a plain layer");
    }

    @Test
    void indexPushSaysWhatToPin() {
        assertThat(run("index", "push", "registry.local/app:1")).isZero();

        assertThat(calls).containsExactly("index push registry.local/app:1");
        assertThat(out.toString())
                .contains("published as " + Digest.sha256(new byte[] {2}) + " for manifest "
                        + Digest.sha256(new byte[] {1}));
    }
}
