package dev.sluice.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is written is enough, is all that changes, and goes again to the last byte. */
class InstallTest {
    private static final Path SOCKET = Path.of("/run/sluice/sluice.sock");
    private static final Path FILE = Path.of("/etc/containerd/config.toml");
    private static final String OLD_CRI = "plugins.\"io.containerd.grpc.v1.cri\".containerd";
    private static final String TRANSFER = "plugins.\"io.containerd.transfer.v1.local\"";

    @TempDir
    private Path root;

    private Path file;

    @BeforeEach
    void directories() throws IOException {
        file = Files.createDirectories(root.resolve("etc/containerd")).resolve("config.toml");
    }

    /** Files in every way in which the same can be written. */
    static Stream<Arguments> files() {
        List<String> texts = List.of(
                "",
                "version = 2",
                "version = 2\n",
                "version = 2\r\n# CRLF\r\n[grpc]\r\n  uid = 0\r\n",
                "\ufeffversion = 2\n[grpc]\nuid = 0\n",
                "# nothing\n\n\n",
                "version = 2\n[proxy_plugins]\n",
                "version = 2\n[proxy_plugins]\n  [proxy_plugins.other]\n    type = \"content\" # ours\n\n[grpc]\n",
                "version = 2\nproxy_plugins = { other = { type = \"content\", address = '/o' } }\n",
                "version = 2\nproxy_plugins = {}\n",
                "version = 2\nproxy_plugins.other.type = 'content'\nproxy_plugins.other.address = '/o'\n[grpc]\nuid = 0\n",
                "version = 2\n[proxy_plugins]\nother.type = 'content'\n",
                "version = 2\n[proxy_plugins.sluice]\n  type = 'snapshot'\n  address = '/old.sock' # old\n",
                "version = 2\n[proxy_plugins]\n  sluice = { type = 'content' , address = '/old.sock' }\n",
                "version = 2\n[proxy_plugins.lazy]\ntype = 'snapshot'\naddress = 'unix:///run/sluice/sluice.sock'\n"
                        + "capabilities = [\n  'rebase', # who knows\n]\n[proxy_plugins.lazy.exports]\nroot = '/x'",
                "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd]\nsnapshotter = \"native\" # mine\n"
                        + "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]\nruntime_type = 'x'\n",
                "version = 2\n[plugins.'io.containerd.grpc.v1.cri']\n  sandbox_image = 'p'\n  containerd.snapshotter = 'n'\n",
                "version = 2\n[plugins]\n  'io.containerd.grpc.v1.cri' = { containerd = { runtimes = { runc = { runtime_type"
                        + " = 'x' } }, snapshotter = 'n' } }\n",
                "version = 2\n[[plugins.\"io.containerd.transfer.v1.local\".unpack_config]]\n\n  platform = 'linux'\n"
                        + "  snapshotter = 'native' # one\n\n# next\n[grpc]\n  uid = 0\n",
                "version = 2\n[plugins.\"io.containerd.transfer.v1.local\"]\n  unpack_config = [\n    { platform ="
                        + " 'linux', snapshotter = 'native' }, # one\n  ]\n",
                "version = 2\n[plugins.\"io.containerd.transfer.v1.local\"]\n  unpack_config = []\n",
                "version = 2\nroot = '''\n[proxy_plugins.sluice]\ntype = \"snapshot\"\n'''\nstate = \"\"\"\\\n  [plugins]\\\"\"\"\"\"\n",
                "version = 2\n# Ünïcödé ✓ [proxy_plugins.sluice]\n[timeouts]\n  \"io.containerd.timeout.task.state\" = \"2s\" # ⏱\n");
        return texts.stream()
                .flatMap(text ->
                        Stream.of("1.6.20", "1.7.24", "v2.0.0", "v2.4.2").map(version -> Arguments.of(version, text)));
    }

    @ParameterizedTest
    @MethodSource("files")
    void installAndUninstallAreAsIfNothingHadBeen(String version, String text) throws IOException {
        Files.writeString(file, text);

        install(version);
        assertThat(satisfied(version)).as(Files.readString(file)).isTrue();
        assertOthersSurvive(text);
        uninstall();

        assertThat(Files.readString(file)).isEqualTo(text);
        assertOnlyFile();
    }

    @ParameterizedTest
    @MethodSource("files")
    void whatOthersWroteMeanwhileStaysAndOursGoes(String version, String text) throws IOException {
        Files.writeString(file, text);
        install(version);
        String more = "\n# others\n[stream_processors.mine]\n  path = \"/p\"\n";

        Files.writeString(file, Files.readString(file) + more);
        uninstall();

        assertThat(Files.readString(file)).isEqualTo(text + more);
    }

    @ParameterizedTest
    @MethodSource("files")
    void aSecondInstallChangesNothing(String version, String text) throws IOException {
        Files.writeString(file, text);
        install(version);

        assertThat(installer(version).plan(true).changes()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.6.20", "1.7.24", "v2.0.0", "v2.4.2"})
    void aFileThatIsNotThereIsMadeAndRemoved(String version) throws IOException {
        Files.delete(requireDirectory());

        install(version);
        assertThat(satisfied(version)).isTrue();
        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-r--r--"));
        uninstall();

        try (var all = Files.walk(root)) {
            assertThat(all.filter(Files::isRegularFile)).isEmpty();
        }
        assertThat(root.resolve("etc/containerd")).doesNotExist();
    }

    private Path requireDirectory() {
        return root.resolve("etc/containerd");
    }

    @Test
    void aDirectoryOfImportsGetsAFileOfOurs() throws IOException {
        String text = "version = 3\nimports = ['/etc/containerd/conf.d/*.toml']\n";
        Files.writeString(file, text);

        install("2.4");

        Path dropIn = root.resolve("etc/containerd/conf.d/sluice.toml");
        assertThat(Files.readString(file)).isEqualTo(text);
        assertThat(Files.readString(dropIn)).startsWith("version = 3\n");
        assertThat(satisfied("2.4")).isTrue();
        uninstall();
        assertThat(requireDirectory().resolve("conf.d")).doesNotExist();
    }

    /** There a section of a later file replaces the one of an earlier file. */
    @Test
    void onContainerd1ADropInHoldsOnlyWhatNoOtherFileHasASectionOf() throws IOException {
        String cri = "[plugins.\"io.containerd.grpc.v1.cri\"]\n  sandbox_image = 'p'\n";
        Files.writeString(file, "version = 2\nimports = ['/etc/containerd/conf.d/*.toml']\n" + cri);

        install("1.7.24");

        assertThat(Files.readString(requireDirectory().resolve("conf.d/sluice.toml")))
                .contains("[proxy_plugins.sluice]", TRANSFER)
                .doesNotContain("cri");
        assertThat(Files.readString(file)).contains(cri, OLD_CRI);
        JsonNode merged = read("1.7.24").root();
        assertThat(merged.at("/plugins/io.containerd.grpc.v1.cri/sandbox_image").asText())
                .isEqualTo("p");
        assertThat(satisfied("1.7.24")).isTrue();
    }

    @Test
    void aLaterFileThatGoesOverOursIsChangedInstead() throws IOException {
        Files.writeString(file, "version = 3\nimports = ['conf.d/*.toml']\n");
        Path later =
                Files.createDirectories(requireDirectory().resolve("conf.d")).resolve("zz.toml");
        String text = "version = 3\n[plugins.'io.containerd.cri.v1.images']\n  snapshotter = 'native' # vendor\n";
        Files.writeString(later, text);

        install("2.4");

        assertThat(Files.readString(later)).isEqualTo(text.replace("'native'", "\"sluice\""));
        assertThat(satisfied("2.4")).isTrue();
        uninstall();
        assertThat(Files.readString(later)).isEqualTo(text);
    }

    @Test
    void listsOfOthersAreAddedToWhereTheyStand() throws IOException {
        Files.writeString(
                file,
                "version = 3\nimports = ['conf.d/*.toml']\n[[" + TRANSFER
                        + ".unpack_config]]\n  platform = 'linux'\n  snapshotter = 'native'\n");

        install("2.4");

        assertThat(Files.readString(file)).contains("snapshotter = 'native'", "snapshotter = \"sluice\"");
        assertThat(read("2.4").plugin("io.containerd.transfer.v1.local").path("unpack_config"))
                .hasSize(2);
    }

    @Test
    void aValueThatOthersHaveChangedSinceStays() throws IOException {
        Files.writeString(file, "version = 2\n[" + OLD_CRI + "]\n  snapshotter = 'native'\n");
        install("1.6.20");

        Files.writeString(file, Files.readString(file).replace("snapshotter = \"sluice\"", "snapshotter = 'zfs'"));
        List<String> notes = uninstall();

        assertThat(Files.readString(file)).isEqualTo("version = 2\n[" + OLD_CRI + "]\n  snapshotter = 'zfs'\n");
        assertThat(notes).anyMatch(note -> note.contains("snapshotter was changed by somebody else"));
    }

    /** Else what containerd unpacks for by itself would go with ours. */
    @Test
    void ofAListThatOthersHaveAddedToOnlyOurElementGoes() throws IOException {
        Files.writeString(file, "version = 3\n");
        install("2.1");
        Files.writeString(
                file,
                Files.readString(file)
                        .replace(
                                "snapshotter = \"sluice\" }]",
                                "snapshotter = \"sluice\" }, { platform = 'linux'," + " snapshotter = 'zfs' }]"));

        uninstall();

        assertThat(read("2.1").plugin("io.containerd.transfer.v1.local").path("unpack_config"))
                .extracting(target -> target.path("snapshotter").asText())
                .containsExactly("overlayfs", "zfs");
        assertThat(Files.readString(file)).doesNotContain("sluice.sock");
    }

    @Test
    void aSecondInstallAfterOthersChangesKeepsTheirsWhenBothGo() throws IOException {
        Files.writeString(file, "version = 2\n");
        install("1.6.20");
        Files.writeString(file, Files.readString(file) + "[timeouts]\n  a = '1s'\n");

        install("1.7.24");
        uninstall();

        assertThat(Files.readString(file)).isEqualTo("version = 2\n[timeouts]\n  a = '1s'\n");
    }

    @Test
    void modeAndSymbolicLinksStay() throws IOException {
        Path real = Files.createDirectories(root.resolve("srv/etc")).resolve("containerd.toml");
        Files.writeString(real, "version = 2\n");
        Files.setPosixFilePermissions(real, PosixFilePermissions.fromString("rw-r-----"));
        // As the machine itself sees it.
        Files.createSymbolicLink(file, Path.of("/srv/etc/containerd.toml"));

        install("1.6.20");

        assertThat(file).isSymbolicLink();
        assertThat(Files.readString(real)).contains("sluice");
        assertThat(Files.getPosixFilePermissions(real)).isEqualTo(PosixFilePermissions.fromString("rw-r-----"));
        uninstall();
        assertThat(file).isSymbolicLink();
        assertThat(Files.readString(real)).isEqualTo("version = 2\n");
        assertThat(Files.getPosixFilePermissions(real)).isEqualTo(PosixFilePermissions.fromString("rw-r-----"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "version = 2\n[[proxy_plugins]]\na = 1\n",
                "version = 2\n[proxy_plugins]\nsluice = 'x'\n",
                "version = 2\nproxy_plugins = 'x'\n",
                "version = 2\n[[plugins]]\n",
                "version = 2\n[[plugins.\"io.containerd.grpc.v1.cri\"]]\n",
                "version = 2\n[proxy_plugins.sluice\n",
                "version = 2\nversion = 3\n"
            })
    void whatCannotBeIsRefusedWithFileAndLineAndNothingIsChanged(String text) throws IOException {
        Files.writeString(file, text);

        assertThatThrownBy(() -> install("1.6.20"))
                .isInstanceOf(InvalidContainerdConfigException.class)
                .hasMessageMatching("(?s).*" + FILE + ", line [0-9]+: .*");
        assertThat(Files.readString(file)).isEqualTo(text);
        assertOnlyFile();
    }

    @Test
    void whatIsNotUtf8IsRefused() throws IOException {
        byte[] latin = "version = 2 # \u00e4\n".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
        Files.write(file, latin);

        assertThatThrownBy(() -> install("1.6.20")).hasMessage(FILE + ": not UTF-8");
        assertThat(Files.readAllBytes(file)).isEqualTo(latin);
    }

    @Test
    void aFileThatHasChangedSinceItWasShownIsLeftAlone() throws IOException {
        Files.writeString(file, "version = 2\n");
        InstallPlan plan = installer("1.6.20").plan(false);
        Files.writeString(file, "version = 2\n# in between\n");

        assertThatThrownBy(() -> installer("1.6.20").apply(plan)).hasMessageContaining("changed by somebody else");
        assertThat(Files.readString(file)).isEqualTo("version = 2\n# in between\n");
        assertOnlyFile();
    }

    private InstallTarget target(String version) {
        return new InstallTarget(
                new Host(root),
                FILE,
                SOCKET,
                Path.of("/run/containerd/containerd.sock"),
                Optional.empty(),
                ContainerdVersion.parse(version),
                Path.of("/var/lib/sluice"));
    }

    private Installer installer(String version) throws IOException {
        return Installer.of(target(version));
    }

    private void install(String version) throws IOException {
        Installer installer = installer(version);
        installer.apply(installer.plan(true));
    }

    private List<String> uninstall() throws IOException {
        Uninstaller uninstaller = Uninstaller.of(target("2.0"));
        UninstallPlan plan = uninstaller.plan();
        uninstaller.apply(plan);
        return plan.notes();
    }

    private ContainerdConfiguration read(String version) throws IOException {
        return ContainerdConfiguration.read(FILE, version.startsWith("1"), ConfigFiles.of(new Host(root)));
    }

    private boolean satisfied(String version) throws IOException {
        return new ContainerdCheck(read(version), ContainerdVersion.parse(version), Optional.empty(), SOCKET)
                .requirements().stream().allMatch(requirement -> requirement.level() == Requirement.Level.OK);
    }

    /** Each line of before is there, unless it is one whose value was changed. */
    private void assertOthersSurvive(String before) throws IOException {
        List<String> lines = before.lines()
                .filter(line -> line.contains("#") && !line.contains("snapshotter") && !line.contains("address"))
                .toList();
        assertThat(Files.readString(file).lines()).containsAll(lines);
    }

    private void assertOnlyFile() throws IOException {
        try (var all = Files.walk(root)) {
            assertThat(all.filter(Files::isRegularFile)).containsExactly(file);
        }
    }
}
