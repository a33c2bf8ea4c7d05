package dev.sluice.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.index.IndexPolicy;
import dev.sluice.ondemand.cachefiles.CullLimits;
import dev.sluice.registry.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigLoaderTest {
    private static final Digest A = Digest.sha256(new byte[] {1});
    private static final Digest B = Digest.sha256(new byte[] {2});
    private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

    @TempDir
    Path directory;

    @Test
    void everyKeyHasItsDefault() {
        assertThat(Config.defaults())
                .isEqualTo(new Config(
                        Path.of("/var/lib/sluice"),
                        Path.of("/run/sluice/sluice.sock"),
                        Path.of("/run/containerd/containerd.sock"),
                        BackendChoice.AUTO,
                        KeeperChoice.AUTO,
                        new AdminAddress.UnixSocket(Path.of("/run/sluice/admin.sock")),
                        LogLevel.INFO,
                        LogFormat.TEXT,
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(5),
                        true,
                        new Config.Background(Duration.ofMinutes(5), DataSize.ofMebibytes(8)),
                        new DataSize(0),
                        new Config.Plain(
                                true, Duration.ofSeconds(1), DataSize.ofMebibytes(2), DataSize.ofMebibytes(1024)),
                        new Config.Index(IndexPolicy.PINNED, Map.of(), List.of(), false, Optional.empty()),
                        new Config.Registry(
                                List.of(),
                                List.of(Path.of("/etc/containerd/certs.d"), Path.of("/etc/docker/certs.d")),
                                List.of(),
                                Duration.ofSeconds(5),
                                Duration.ofSeconds(20),
                                3,
                                Duration.ofSeconds(10),
                                Duration.ofSeconds(60),
                                Optional.empty()),
                        new Config.Credentials(
                                List.of(CredentialSourceName.DOCKER),
                                List.of(),
                                List.of(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Path.of("/run/sluice/cri.sock")),
                        new Config.Fill(PROCESSORS, DataSize.ofMebibytes(64), DataSize.ofMebibytes(4)),
                        new Config.Fuse(2, LoopDeviceUse.AUTO),
                        new Config.Fanotify(2),
                        new Config.Cachefiles(Optional.empty(), "sluice", CullLimits.DEFAULT, 2)));
    }

    @Test
    void everyKeyOfAFileArrivesInItsPlace() throws Exception {
        Config config = load("""
                root = "/srv/sluice"
                address = "/run/a.sock"
                containerd = "/run/c.sock"
                backend = "fuse"
                keeper = "fd-store"
                admin = "127.0.0.1:9090"
                log_level = "debug"
                log_format = "json"
                prepare_timeout = "2500ms"
                checkpoint_interval = "1m"
                prefetch = false
                background_delay = "1m"
                background_rate = "2MiB"
                max_disk = "100GiB"
                [plain]
                fetch = false
                wait = "0s"
                spacing = "3MiB"
                indexes = "10MiB"
                [index]
                policy = "same-registry"
                pinned = { "%1$s" = "%2$s", "%2$s" = "%1$s" }
                keys = ["/etc/a.pem", "/etc/b.pem"]
                publish = true
                signing_key = "/etc/secret.pem"
                [registry]
                plain_http_hosts = ["Registry.local:5000", "10.0.0.7"]
                config_path = "/etc/certs.d:/srv/certs.d"
                hosts = ["registry.example:5443"]
                connect_timeout = "1s"
                read_timeout = "2s"
                retries = 0
                patience = "0s"
                deadline = "2m"
                docker_config = "/etc/docker/config.json"
                [credentials]
                sources = ["cri", "kubelet", "kubernetes"]
                [credentials.kubernetes]
                namespaces = ["default", "team-a"]
                secrets = ["pull.secret"]
                kubeconfig = "/etc/kubeconfig"
                [credentials.kubelet]
                config = "/etc/providers.yaml"
                bin_dir = "/opt/providers"
                [credentials.cri]
                address = "/run/cri.sock"
                [fill]
                threads = 7
                memory = "1GiB"
                read_ahead_max = "1MiB"
                [fuse]
                threads = 3
                loop_devices = "always"
                [fanotify]
                threads = 5
                [cachefiles]
                directory = "/srv/cache"
                tag = "images"
                run = 20
                cull = 15
                stop = 5
                threads = 4
                """.formatted(A, B));
        assertThat(config)
                .isEqualTo(new Config(
                        Path.of("/srv/sluice"),
                        Path.of("/run/a.sock"),
                        Path.of("/run/c.sock"),
                        BackendChoice.FUSE,
                        KeeperChoice.FD_STORE,
                        new AdminAddress.Loopback("127.0.0.1", 9090),
                        LogLevel.DEBUG,
                        LogFormat.JSON,
                        Duration.ofMillis(2500),
                        Duration.ofSeconds(60),
                        false,
                        new Config.Background(Duration.ofMinutes(1), DataSize.ofMebibytes(2)),
                        DataSize.ofMebibytes(100 << 10),
                        new Config.Plain(false, Duration.ZERO, DataSize.ofMebibytes(3), DataSize.ofMebibytes(10)),
                        new Config.Index(
                                IndexPolicy.SAME_REGISTRY,
                                Map.of(A, B, B, A),
                                List.of(Path.of("/etc/a.pem"), Path.of("/etc/b.pem")),
                                true,
                                Optional.of(Path.of("/etc/secret.pem"))),
                        new Config.Registry(
                                List.of("registry.local:5000", "10.0.0.7"),
                                List.of(Path.of("/etc/certs.d"), Path.of("/srv/certs.d")),
                                List.of("registry.example:5443"),
                                Duration.ofSeconds(1),
                                Duration.ofSeconds(2),
                                0,
                                Duration.ZERO,
                                Duration.ofMinutes(2),
                                Optional.of(Path.of("/etc/docker/config.json"))),
                        new Config.Credentials(
                                List.of(
                                        CredentialSourceName.CRI,
                                        CredentialSourceName.KUBELET,
                                        CredentialSourceName.KUBERNETES),
                                List.of("default", "team-a"),
                                List.of("pull.secret"),
                                Optional.of(Path.of("/etc/kubeconfig")),
                                Optional.of(Path.of("/etc/providers.yaml")),
                                Optional.of(Path.of("/opt/providers")),
                                Path.of("/run/cri.sock")),
                        new Config.Fill(7, DataSize.ofMebibytes(1024), DataSize.ofMebibytes(1)),
                        new Config.Fuse(3, LoopDeviceUse.ALWAYS),
                        new Config.Fanotify(5),
                        new Config.Cachefiles(
                                Optional.of(Path.of("/srv/cache")), "images", new CullLimits(20, 15, 5), 4)));
    }

    @Test
    void optionsOverrideTheFileAndTheFileOverridesTheDefaults() throws Exception {
        Path file = write("root = '/from/file'\naddress = '/run/file.sock'\n");
        Config config = ConfigLoader.load(Optional.of(file), Map.of("root", "/from/option", "backend", "fanotify"));
        assertThat(config.root()).isEqualTo(Path.of("/from/option"));
        assertThat(config.backend()).isEqualTo(BackendChoice.FANOTIFY);
        assertThat(config.address()).isEqualTo(Path.of("/run/file.sock"));
        assertThat(config.containerd()).isEqualTo(Config.defaults().containerd());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "credentials.sources = ['docker', 'docker']",
                "credentials.sources = ['vault']",
                "credentials.sources = ['kubernetes']",
                "credentials.sources = ['kubelet']\ncredentials.kubelet.config = '/etc/providers.yaml'",
                "credentials.sources = ['cri']\ncredentials.cri.address = '/run/sluice/sluice.sock'",
                "credentials.sources = ['cri']\ncredentials.cri.address = '/run/sluice/admin.sock'",
                "credentials.kubernetes.namespaces = ['Not A Name']",
            })
    void sourcesOfCredentialsNeedWhatTheyWorkWith(String file) {
        assertThatThrownBy(() -> load(file + "\n"))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining("credentials.");
    }

    @Test
    void pinsMayStandInATableOfTheirOwn() throws Exception {
        Config config = load("[index]\n[index.pinned]\n\"" + A + "\" = \"" + B + "\"\n");

        assertThat(config.index().pinned()).isEqualTo(Map.of(A, B));
    }

    @Test
    void anEmptyFileIsTheDefaults() throws Exception {
        assertThat(load("")).isEqualTo(Config.defaults());
        assertThat(load("# nothing\n[registry]\n[fill]\n")).isEqualTo(Config.defaults());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "adress = '/run/a.sock' | adress | address",
                "plain_http_hosts = [] | plain_http_hosts | registry.plain_http_hosts",
                "registry.retry = 3 | registry.retry | registry.retries",
                "fil.threads = 1 | fil | fill",
                "fuse.thread = 1 | fuse.thread | fuse.threads",
                "fuse.more.threads = 1 | fuse.more | fuse.threads",
            })
    void anUnknownKeyIsNamedWithTheNearestKnownOne(String content, String unknown, String nearest) {
        assertThatThrownBy(() -> load(content))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessage(directory.resolve("config.toml") + ": there is no key " + unknown
                        + ", the nearest known one is " + nearest);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "root = 'var/lib'",
                "root = 7",
                "root = ''",
                "root = [ '/a' ]",
                "backend = 'FUSE'",
                "backend = 'overlay'",
                "admin = '0.0.0.0:9090'",
                "admin = '192.168.0.1:9090'",
                "admin = '127.0.0.1:0'",
                "admin = '127.0.0.1:65536'",
                "admin = '127.0.0.1'",
                "admin = '127.0.0.256:90'",
                "admin = '127.0.0.1.evil.example:90'",
                "log_level = 'verbose'",
                "prepare_timeout = 10",
                "prepare_timeout = '10'",
                "prepare_timeout = '0s'",
                "prepare_timeout = '6m'",
                "prepare_timeout = '99999999999999999999s'",
                "checkpoint_interval = '-1s'",
                "prefetch = 'true'",
                "prefetch = 1",
                "registry.retries = 21",
                "registry.retries = -1",
                "registry.retries = 3.0",
                "registry.retries = 99999999999",
                "registry.plain_http_hosts = 'a'",
                "registry.plain_http_hosts = ['http://a']",
                "registry.plain_http_hosts = [1]",
                "registry.plain_http_hosts = ['a:0']",
                "registry.plain_http_hosts = ['a:65536']",
                "registry.hosts = ['a']",
                "registry.hosts = ['a/b:5000']",
                "registry.docker_config = 'config.json'",
                "registry.config_path = 'certs.d'",
                "registry.config_path = '/a:'",
                "registry.config_path = ['/a']",
                "registry.patience = '-1s'",
                "registry.deadline = '0s'",
                "fill.threads = 1025",
                "fill.memory = 64",
                "fill.memory = '64M'",
                "fill.memory = '1KiB'",
                "fill.memory = '999999999999GiB'",
                "fuse.threads = 0",
                "fuse.loop_devices = 'never'",
                "index.policy = 'everything'",
                "index.pinned = 'sha256:a=sha256:b'",
                "index.pinned = { 'sha256:a' = 'sha256:b' }",
                "index.pinned = { 'sha256:4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a' = 1 }",
                "index.keys = '/etc/key.pem'",
                "index.keys = ['key.pem']",
                "index.keys = [1]",
                "index.signing_key = 'key.pem'",
                "index.publish = 'yes'",
            })
    void aBadValueIsNamedWithItsKeyAndWhatIsExpected(String content) {
        String key = content.substring(0, content.indexOf(' '));
        assertThatThrownBy(() -> load(content))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageStartingWith(directory.resolve("config.toml") + ": " + key + " must be ")
                .hasMessageContaining(", but is ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "address = '/run/a.sock'\nadmin = '/run/a.sock'",
                "containerd = '/run/sluice/../sluice/sluice.sock'",
                "fill.memory = '8MiB'\nfill.read_ahead_max = '9MiB'",
                "index.policy = 'signed'",
            })
    void valuesThatContradictEachOtherAreRefused(String content) {
        assertThatThrownBy(() -> load(content))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageStartingWith(directory.resolve("config.toml") + ": ");
    }

    @Test
    void aTableIsNoValue() {
        assertThatThrownBy(() -> load("registry = 1"))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageEndingWith("registry must be a table, [registry], but is 1");
    }

    @Test
    void anOptionWithABadValueIsNamedAsTheOption() {
        assertThatThrownBy(() -> ConfigLoader.load(Optional.empty(), Map.of("backend", "fuze")))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessage("--backend must be one of auto, cachefiles, fanotify, fuse, but is \"fuze\"");
    }

    @Test
    void aSocketPathThatTheKernelCannotTakeIsRefused() {
        String longest = "/" + "a".repeat(106);
        assertThat(AdminAddress.parse(longest)).contains(new AdminAddress.UnixSocket(Path.of(longest)));
        assertThat(AdminAddress.parse(longest + "a")).isEmpty();
        assertThatThrownBy(() -> load("address = '" + longest + "a'"))
                .hasMessageContaining("address must be an absolute path of at most 107 bytes, but is ");
    }

    @Test
    void whatIsNotTomlIsRefusedWithItsLine() {
        assertThatThrownBy(() -> load("root = '/a'\nbackend fuse\n"))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageStartingWith(directory.resolve("config.toml") + ", line 2: not TOML: ");
    }

    @Test
    void aKeyThatStandsTwiceIsRefused() {
        assertThatThrownBy(() -> load("root = '/a'\nroot = '/b'\n"))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining("not TOML: Duplicate key");
    }

    @Test
    void aMissingFileIsAnErrorThatNamesIt() {
        Path missing = directory.resolve("missing.toml");
        assertThatThrownBy(() -> ConfigLoader.load(Optional.of(missing), Map.of()))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessage("Tried to read the configuration " + missing + " but there is no such file");
    }

    @Test
    void aHugeFileIsRefused() throws Exception {
        Path file = write("#".repeat((1 << 20) + 1));
        assertThatThrownBy(() -> ConfigLoader.load(Optional.of(file), Map.of()))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining("is greater than 1048576 bytes");
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:9090, 127.0.0.1, 9090",
        "127.1.2.3:1, 127.1.2.3, 1",
        "[::1]:65535, ::1, 65535",
        "localhost:80, localhost, 80"
    })
    void loopbackAddressesAreReadAndWritten(String text, String host, int port) {
        assertThat(AdminAddress.parse(text)).contains(new AdminAddress.Loopback(host, port));
        assertThat(new AdminAddress.Loopback(host, port)).hasToString(text);
    }

    @ParameterizedTest
    @CsvSource({"0B, 0", "1B, 1", "1023B, 1023", "1KiB, 1024", "1536KiB, 1572864", "1MiB, 1048576", "3GiB, 3221225472"})
    void dataSizesAreReadAndWritten(String text, long bytes) {
        assertThat(DataSize.parse(text)).contains(new DataSize(bytes));
        assertThat(new DataSize(bytes)).hasToString(text);
    }

    private Config load(String content) throws Exception {
        return ConfigLoader.load(Optional.of(write(content)), Map.of());
    }

    private Path write(String content) throws IOException {
        return Files.writeString(directory.resolve("config.toml"), content);
    }
}
