package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.registry.AccessLog;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ClientProgram;
import dev.sluice.e2e.runtime.ContainerdBinaries;
import dev.sluice.e2e.runtime.ContainerdProcess;
import dev.sluice.e2e.runtime.CriClient;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * {@code sluice install} is all that it takes: containerd pulls lazily afterwards, whatever its configuration was before, and {@code sluice
 * uninstall} leaves that as it was, to the last byte.
 */
@ParameterizedClass(name = "{0}")
@EnumSource
class InstallIT {

    private static final String LAZY = "prefetch = false\n";
    private static final String SHORT_REACH = "[fill]\nread_ahead_max = \"64KiB\"\n";

    private final Containerd version;
    private final TestBed bed = Machine.newTestBed();
    private final RegistryProcess registry;
    private final String image;
    private final RemoteManifest manifest;
    /** Where containerd has its socket, and what the customized configurations name. */
    private final Path directory;

    private final Path etc;
    private final Path file;
    private final SluiceProcess.Settings settings;

    InstallIT(Containerd version) throws IOException {
        this.version = version;
        Path layout = Estargz.build(TestImages.PYTHON, bed.directory("i"));
        registry = bed.add(RegistryProcess.start(bed.directory("r")));
        image = registry.address() + "/python:latest";
        ImagePublisher.push(layout, DebianImage.TAG, image);
        manifest = RemoteManifest.fetch(image);
        directory = bed.directory("c");
        etc = Files.createDirectories(directory.resolve("etc"));
        file = etc.resolve("config.toml");
        settings = new SluiceProcess.Settings(
                Machine.distribution(),
                bed.directory("s"),
                directory.resolve("s"),
                "auto",
                LAZY + SluiceProcess.Settings.plainHttp(List.of(registry.address())) + SHORT_REACH);
    }

    /** Those that people run. */
    enum Containerd {
        /** Debian 12's. */
        V1_6,
        /** Debian 13's. */
        V1_7,
        V2;

        ContainerdBinaries binaries() throws IOException {
            return switch (this) {
                case V1_6 -> Machine.installedContainerd();
                case V1_7 -> Machine.containerdOfDebian13();
                case V2 -> Machine.newestContainerd();
            };
        }
    }

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "runc", "skopeo", "umoci", "mmdebstrap", "ctr-remote");
    }

    @AfterEach
    void stop() throws IOException {
        bed.close();
    }

    @Test
    void withoutAnyConfiguration() throws IOException {
        Map<Path, String> before = files();
        String defaults = dumpOf("config", "default");

        install();
        assertThat(dumpOf("--config", file.toString(), "config", "dump").lines())
                .as("all that containerd would do by itself, it goes on to do")
                .containsAll(defaults.lines()
                        .map(InstallIT::withoutWhatIsOurs)
                        .filter(line -> !line.isBlank())
                        .toList());
        pullAndRunWithCtr(flags());
        uninstall();

        assertThat(files()).isEqualTo(before);
    }

    @Test
    void withTheConfigurationThatContainerdWrites() throws IOException {
        // A directory of imports of the machine itself is none of this test's business.
        Files.writeString(file, dumpOf("config", "default").replace("/etc/containerd/conf.d", etc + "/conf.d"));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        Map<Path, String> before = files();

        install();
        pullAndRunWithCtr(flags());
        uninstall();

        assertThat(files()).isEqualTo(before);
        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-r-----"));
    }

    @Test
    void withAConfigurationThatOthersHaveWorkedOn() throws IOException {
        Path program = Machine.client(ClientProgram.CRI);
        String sandbox = registry.address() + "/pause:1";
        CriClient.publishSandbox(program, bed.directory("p"), sandbox);
        String text = resource(version == Containerd.V2 ? "custom-2.toml" : "custom-1.toml")
                .replace("@DIR@", directory.toString())
                .replace("@SANDBOX@", sandbox);
        Files.writeString(file, text);
        Path imported = Files.createDirectories(directory.resolve("conf.d")).resolve("99-vendor.toml");
        Files.writeString(
                imported,
                "version = " + (version == Containerd.V2 ? 3 : 2)
                        + "\r\n# by a vendor\r\n[timeouts]\r\n  'io.containerd.timeout.task.state' = '3s'");
        Files.createDirectory(directory.resolve("certs.d"));
        Map<Path, String> before = files();
        List<String> arguments = List.of("--config", file.toString());
        ContainerdProcess containerd = bed.add(ContainerdProcess.start(directory, version.binaries(), arguments));
        long pid = containerd.pid();

        install();
        assertThat(containerd.pid()).as("nothing is started again unasked").isEqualTo(pid);
        assertThat(containerd.client().command("plugins", "ls").run().stdout()).doesNotContain("sluice");
        assertThat(files().get(imported)).isEqualTo(before.get(imported));
        assertThat(Files.readString(file).lines())
                .containsAll(text.lines()
                        .filter(line -> !line.contains("native' #") && !line.contains("native\" # over"))
                        .toList());
        SluiceProcess sluice = bed.add(SluiceProcess.start(settings));
        containerd.kill();
        containerd.restart();

        CriClient kubelet = new CriClient(program, containerd.socket());
        AccessLog start = registry.accessLog();
        kubelet.pull(image);
        assertThat(kubelet.run(image, TestImages.PYTHON_HELLO).stdout()).isEqualTo("hello\n");
        assertLazy(containerd, sluice, CriClient.NAMESPACE, start);
        kubelet.remove(image);
        kubelet.remove(sandbox);
        uninstall();

        assertThat(files()).isEqualTo(before);
    }

    private void pullAndRunWithCtr(List<String> arguments) throws IOException {
        SluiceProcess sluice = bed.add(SluiceProcess.start(settings));
        ContainerdProcess containerd = bed.add(ContainerdProcess.start(directory, version.binaries(), arguments));
        AccessLog start = registry.accessLog();
        // What it cannot unpack for keeps the whole transfer service from starting.
        assertThat(containerd.client().command("plugins", "ls").run().stdout())
                .containsPattern("snapshotter[^\n]*sluice[^\n]*ok")
                .doesNotContainPattern("transfer[^\n]*error");
        if (version == Containerd.V2) {
            containerd.client().pull(image, SluiceProcess.NAME);
        } else {
            containerd.client().pullLazily(image, SluiceProcess.NAME);
        }
        assertThat(containerd
                        .client()
                        .run(image, SluiceProcess.NAME, "hello", TestImages.PYTHON_HELLO)
                        .stdout())
                .isEqualTo("hello\n");
        assertLazy(containerd, sluice, "default", start);
        assertNotTakenAwayFromAContainer(containerd);
    }

    private void assertNotTakenAwayFromAContainer(ContainerdProcess containerd) throws IOException {
        containerd
                .client()
                .command("containers", "create", "--snapshotter", SluiceProcess.NAME, image, "kept")
                .run();
        String installed = Files.readString(file);

        Command.Result refused = command("uninstall", "--yes").runForResult();

        assertThat(refused.exitCode()).isOne();
        assertThat(refused.stdout()).contains("container kept in namespace default uses sluice");
        assertThat(refused.stderr()).contains("--force");
        assertThat(Files.readString(file)).isEqualTo(installed);
        containerd.client().command("containers", "rm", "kept").run();
    }

    private void assertLazy(ContainerdProcess containerd, SluiceProcess sluice, String namespace, AccessLog start)
            throws IOException {
        List<String> layers = manifest.layers().stream()
                .map(layer -> layer.path("digest").asText())
                .toList();
        assertThat(containerd.client().content(namespace))
                .as("containerd's content store")
                .isNotEmpty()
                .doesNotContainAnyElementsOf(layers);
        assertThat(sluice.status().path("layers")).hasSizeGreaterThanOrEqualTo(layers.size());
        AccessLog log = registry.accessLog().since(start);
        assertThat(log.requests())
                .filteredOn(request -> layers.contains(request.digest()))
                .isNotEmpty()
                .allMatch(request -> request.status() == 206);
        long fetched = layers.stream()
                .mapToLong(layer -> log.bytesByDigest().getOrDefault(layer, 0L))
                .sum();
        assertThat(fetched).isPositive().isLessThan(manifest.layerBytes() / 2);
    }

    /** Where a machine's own containerd would be, another one may be at work. */
    private List<String> flags() {
        return List.of(
                "--config",
                file.toString(),
                "--root",
                directory.resolve("root").toString(),
                "--state",
                directory.resolve("state").toString(),
                "--address",
                directory.resolve("s").toString());
    }

    private void install() throws IOException {
        Command.Result first = sluice("install", "--yes", "--cri");
        assertThat(first.stdout()).contains("+[proxy_plugins.sluice]", "systemctl restart containerd");
        assertThat(sluice("install", "--yes", "--cri").stdout()).contains("Nothing to change");
    }

    private void uninstall() throws IOException {
        sluice("uninstall", "--yes");
    }

    private Command.Result sluice(String... arguments) throws IOException {
        return command(arguments).run();
    }

    private Command command(String... arguments) throws IOException {
        return Command.of(settings.distribution().resolve("bin/sluice").toString())
                .withArguments(List.of(arguments))
                .withArguments(List.of(
                        "--config",
                        ownConfig().toString(),
                        "--containerd-config",
                        file.toString(),
                        "--containerd-binary",
                        version.binaries().program().toString()));
    }

    private Path ownConfig() throws IOException {
        return Files.writeString(
                bed.directory().resolve("sluice.toml"),
                "root = \"" + bed.directory().resolve("state") + "\"\naddress = \"" + settings.socket()
                        + "\"\ncontainerd = \"" + directory.resolve("s") + "\"\n");
    }

    private String dumpOf(String... arguments) throws IOException {
        return Command.of(version.binaries().program().toString())
                .withArguments(List.of(arguments))
                .run()
                .stdout();
    }

    /** Lines that say what was to be changed. */
    private static String withoutWhatIsOurs(String line) {
        boolean changed = Stream.of("snapshotter", "disable_snapshot_annotations", "platform", "imports", "version")
                .anyMatch(key -> line.strip().startsWith(key));
        return changed ? "" : line;
    }

    private Map<Path, String> files() throws IOException {
        Map<Path, String> files = new TreeMap<>();
        List<Path> found = new ArrayList<>();
        for (Path start :
                List.of(etc, directory.resolve("conf.d"), bed.directory().resolve("state"))) {
            if (Files.exists(start)) {
                try (Stream<Path> tree = Files.walk(start)) {
                    tree.filter(Files::isRegularFile).forEach(found::add);
                }
            }
        }
        for (Path one : found) {
            files.put(one, Files.readString(one));
        }
        return files;
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = InstallIT.class.getResourceAsStream("/install/" + name)) {
            if (in == null) {
                throw new IOException("no resource " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
