package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.DebianPackage;
import dev.sluice.e2e.host.Poll;
import dev.sluice.e2e.host.SystemdMachine;
import dev.sluice.e2e.host.SystemdMachine.Cgroups;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.DebianRoot;
import dev.sluice.e2e.image.Digests;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.TarEntry;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.registry.Shape;
import dev.sluice.e2e.registry.ShapingProxy;
import dev.sluice.e2e.runtime.ClientProgram;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * The life of the Debian package on a Debian that never had Sluice or Java, 12 unless {@code sluice.package.release} names another one
 * ({@code trixie}): installed, upgraded while a container reads, there again
 * after the machine was off, refused to be removed under a container, and gone without a trace. Each step begins where the one before has
 * ended.
 */
@TestInstance(Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PackageIT {
    private static final String CONTAINERD_CONFIG = """
            version = 2
            # This comment is the administrator's.
            disabled_plugins = ["io.containerd.grpc.v1.cri"]
            """;

    private static final String RELEASE = System.getProperty("sluice.package.release", "bookworm");

    private static final int FILES = 24;
    private static final int SMALLEST = 120_000;
    /** So slow that there is always something on its way. */
    private static final Shape LINK = new Shape(Duration.ofMillis(10), 1_000_000);

    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final Duration INSTALLATION = Duration.ofMinutes(8);
    private static final String NERDCTL = "/opt/nerdctl/";

    private static final String READ_ALL = "printf '%s\\n' \"$@\" | xargs -P 2 -n 1 sh -c "
            + "'sha256sum \"$0\" >> /out/read 2>> /out/errors'; touch /out/done; exec sleep infinity";

    private final Map<String, String> digests = new TreeMap<>();
    private final TestBed bed = Machine.newTestBed();
    private final RegistryProcess registry;
    private final ShapingProxy proxy;
    private final String reference;
    private final SystemdMachine machine;
    private final Path nerdctl;
    private final DebianPackage first;

    PackageIT() throws IOException {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "ctr-remote", "mmdebstrap", "nsenter", "dpkg-deb");
        first = new DebianPackage(Machine.debianPackage());
        nerdctl = Machine.client(ClientProgram.NERDCTL1);
        try {
            Path image = Estargz.build("package", layers(), bed.directory("i"));
            registry = bed.add(RegistryProcess.start(bed.directory("r")));
            ImagePublisher.push(image, DebianImage.TAG, registry.address() + "/package:estargz");
            proxy = bed.add(ShapingProxy.start(registry.port(), LINK));
            reference = proxy.address() + "/package:estargz";
            Path root = new DebianRoot(
                            "package-" + RELEASE,
                            RELEASE,
                            List.of(
                                    "apt",
                                    "ca-certificates",
                                    "containerd",
                                    "init-system-helpers",
                                    "runc",
                                    "systemd-sysv"))
                    .build();
            machine = bed.add(SystemdMachine.boot(new SystemdMachine.Settings(
                    Path.of("tools/systemd/boot"),
                    root,
                    bed.directory("m"),
                    Cgroups.UNIFIED,
                    Map.of(Path.of(NERDCTL), nerdctl.getParent()))));
        } catch (IOException | RuntimeException e) {
            closeAfter(e);
            throw e;
        }
    }

    private void closeAfter(Exception failure) {
        try {
            bed.close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    @BeforeAll
    void prepare() throws IOException {
        machine.write("/etc/containerd/config.toml", CONTAINERD_CONFIG);
        machine.run("systemctl", "restart", "containerd.service");
        // The network is this machine's, names are not.
        machine.write("/etc/resolv.conf", Files.readString(Path.of("/etc/resolv.conf")));
        machine.write("/etc/hosts", Files.readString(Path.of("/etc/hosts")));
        give(first);
        apt("update");
    }

    @AfterAll
    void stop() throws IOException {
        bed.close();
    }

    @Test
    @Order(1)
    void installedItRunsWithJavaOfDebianAndAnArchiveOfItsClasses() throws IOException {
        install(first);

        assertThat(active("sluice.service")).isTrue();
        assertThat(active("sluice-keeper.service")).isTrue();
        assertThat(machine.files().resolve("usr/lib/sluice/lib/sluice.jsa")).isNotEmptyFile();
        assertThat(machine.run("cat", "/proc/" + mainProcess() + "/maps").stdout())
                .contains("/usr/lib/sluice/lib/sluice.jsa");
        assertThat(machine.run("sluice", "--version").stdout()).startsWith("sluice ");
    }

    @Test
    @Order(2)
    void toldAboutItContainerdPullsLazily() throws IOException {
        machine.write("/etc/sluice/config.toml", """
                prefetch = false
                fill = { read_ahead_max = "0B" }
                %sregistry = { hosts = ["%s"] }
                """.formatted(SluiceProcess.Settings.PATIENT, proxy.address()));
        machine.run("systemctl", "restart", "sluice.service");
        machine.run("sluice", "install", "--yes");
        machine.run("systemctl", "restart", "containerd.service");
        long before = proxy.bytesDown();
        nerdctl("pull", "--quiet", reference).run();

        assertThat(proxy.bytesDown() - before).isLessThan(FILES * SMALLEST);
        assertThat(machine.run("sluice", "status").stdout()).contains("keeper");
    }

    @Test
    @Order(3)
    void upgradedUnderAContainerThatReadsNoReadFails() throws IOException {
        Reading reading = read("upgrade");
        reading.awaitFiles(2);
        long daemon = mainProcess();
        String keepers = keepers();
        DebianPackage next = first.as(first.version() + "+next", bed.directory("next"));
        give(next);
        install(next);

        assertThat(mainProcess()).isNotEqualTo(daemon);
        assertThat(keepers()).isEqualTo(keepers).isNotEmpty();
        assertThat(machine.run("dpkg-query", "--show", "--showformat=${Version}", "sluice")
                        .stdout())
                .isEqualTo(next.version());
        reading.assertRight();
        assertThat(machine.files().resolve("etc/sluice/config.toml")).content().contains("prefetch = false");
    }

    @Test
    @Order(4)
    void afterTheMachineWasOffNothingIsFetchedTwice() throws IOException {
        removeContainers();
        machine.powerOff();
        machine.bootAgain();
        awaitSnapshotter();
        long before = proxy.bytesDown();
        Reading reading = read("upgrade");
        reading.assertRight();

        assertThat(proxy.bytesDown()).isEqualTo(before);
    }

    @Test
    @Order(5)
    void itIsNotRemovedUnderAContainerWhichReadsOn() throws IOException {
        removeContainers();
        Reading reading = read("purge");
        reading.awaitFiles(1);
        Command.Result refused = apt0("purge", "--yes", "sluice").runForResult();

        assertThat(refused.exitCode()).isNotZero();
        assertThat(refused.stdout() + refused.stderr())
                .contains("container " + reading.id + " (default)")
                .contains("stop and remove what uses them first");
        assertThat(active("sluice.service")).isTrue();
        reading.assertRight();
        assertThat(machine.files().resolve("etc/containerd/config.toml"))
                .content()
                .contains("sluice");
    }

    @Test
    @Order(6)
    void purgedItLeavesNothing() throws IOException {
        removeContainers();
        apt("purge", "--yes", "sluice");

        assertThat(machine.files().resolve("etc/containerd/config.toml")).hasContent(CONTAINERD_CONFIG);
        assertThat(machine.run("cat", "/proc/self/mountinfo")
                        .stdout()
                        .lines()
                        .filter(line -> line.contains("erofs") || line.contains("fuse.sluice")))
                .isEmpty();
        assertThat(machine.run(
                                "find",
                                "/",
                                "-xdev",
                                "(",
                                "-path",
                                "/var/log",
                                "-o",
                                "-path",
                                "/var/cache/apt",
                                "-o",
                                "-path",
                                "/tmp",
                                ")",
                                "-prune",
                                "-o",
                                "-iname",
                                "*sluice*",
                                "-print")
                        .stdout())
                .isIn("", "/var/lib/sluice\n");
        // A disk of that machine is mounted there.
        assertThat(machine.run("find", "/var/lib/sluice", "-mindepth", "1").stdout())
                .isEmpty();
        assertThat(machine.run("sh", "-c", "grep -als SLUICE_KEEPER /proc/[0-9]*/environ | cat")
                        .stdout())
                .isEmpty();
        assertThat(machine.run("systemctl", "list-units", "--all", "--plain", "--no-legend", "sluice*")
                        .stdout())
                .isEmpty();
        // What it was told is forgotten with the next start, and containerd goes on without.
        machine.run("systemctl", "restart", "containerd.service");
        machine.run("ctr", "version");
    }

    @Test
    @Order(7)
    void ofAnotherRootDirectoryAPurgeTakesOnlyWhatIsSluices() throws IOException {
        install(first);
        Path root = Files.createDirectories(machine.shared().resolve("lazy"));
        Path notes = Files.writeString(root.resolve("notes"), "mine");
        machine.write("/etc/sluice/config.toml", "root = \"/shared/lazy\"\n");
        machine.run("systemctl", "restart", "sluice.service");
        assertThat(root.resolve("layers")).isDirectory();
        apt("purge", "--yes", "sluice");

        assertThat(notes).hasContent("mine");
        assertThat(root).isDirectoryNotContaining(path -> !path.equals(notes));
        assertThat(machine.files().resolve("etc/sluice")).doesNotExist();
        assertThat(machine.run("find", "/var/lib/sluice", "-mindepth", "1").stdout())
                .isEmpty();
    }

    private void give(DebianPackage debian) throws IOException {
        Files.copy(
                debian.file(),
                machine.shared().resolve(debian.file().getFileName()),
                StandardCopyOption.REPLACE_EXISTING);
    }

    private void install(DebianPackage debian) throws IOException {
        apt(
                "install",
                "--yes",
                "--no-install-recommends",
                "/shared/" + debian.file().getFileName());
    }

    private void apt(String... arguments) throws IOException {
        apt0(arguments).run();
    }

    private Command apt0(String... arguments) {
        return machine.command(
                        "env",
                        "DEBIAN_FRONTEND=noninteractive",
                        "apt-get",
                        "--quiet=2",
                        "--option=APT::Sandbox::User=root",
                        "--option=Dpkg::Use-Pty=0")
                .withArguments(List.of(arguments))
                .withTimeout(INSTALLATION);
    }

    private Command nerdctl(String... arguments) {
        return machine.command(
                        NERDCTL + nerdctl.getFileName(),
                        "--snapshotter=sluice",
                        "--insecure-registry",
                        "--cgroup-manager=cgroupfs")
                .withArguments(List.of(arguments));
    }

    private boolean active(String unit) throws IOException {
        return machine.command("systemctl", "is-active", "--quiet", unit)
                        .runForResult()
                        .exitCode()
                == 0;
    }

    /** Of the daemon, in that machine. */
    private long mainProcess() throws IOException {
        return Long.parseLong(machine.run("systemctl", "show", "--property=MainPID", "--value", "sluice.service")
                .stdout()
                .strip());
    }

    /** All that run in the keeper's unit. */
    private String keepers() throws IOException {
        return machine.run("cat", "/sys/fs/cgroup/system.slice/sluice-keeper.service/cgroup.procs")
                .stdout();
    }

    /** containerd's connection to a plugin that went away comes back after a pause of some seconds. */
    private void awaitSnapshotter() throws IOException {
        Command list = machine.command("ctr", "snapshots", "--snapshotter", "sluice", "ls");
        assertThat(Poll.until(PATIENCE, () -> list.runForResult().exitCode() == 0))
                .isTrue();
    }

    private void removeContainers() throws IOException {
        for (String id :
                machine.run("ctr", "tasks", "ls", "-q").stdout().lines().toList()) {
            machine.run("ctr", "tasks", "rm", "--force", id);
        }
        for (String id :
                machine.run("ctr", "containers", "ls", "-q").stdout().lines().toList()) {
            machine.run("ctr", "containers", "rm", id);
        }
    }

    private List<List<TarEntry>> layers() {
        List<TarEntry> layer = new ArrayList<>(List.of(
                TarEntry.directory("usr"),
                TarEntry.directory("out"),
                TarEntry.directory("space"),
                TarEntry.symlink("bin", "usr/bin"),
                TarEntry.symlink("lib", "usr/lib"),
                TarEntry.symlink("lib64", "usr/lib64")));
        Random random = new Random(2);
        for (String directory : List.of("upgrade", "purge")) {
            layer.add(TarEntry.directory(directory));
            for (int i = 0; i < FILES; i++) {
                byte[] contents = new byte[SMALLEST + random.nextInt(300_000)];
                random.nextBytes(contents);
                layer.add(TarEntry.file(directory + "/" + i, contents));
                // The kernel reads ahead of a file's end, but not as far as the next one.
                layer.add(TarEntry.file("space/" + directory + i, new byte[1 << 20]));
                digests.put("/" + directory + "/" + i, Digests.sha256(contents));
            }
        }
        return List.of(layer);
    }

    /** Starts a container that reads all files of a directory, and stays. */
    private Reading read(String directory) throws IOException {
        List<String> files = digests.keySet().stream()
                .filter(file -> file.startsWith("/" + directory + "/"))
                .toList();
        String id = directory + System.nanoTime();
        Path out = Files.createDirectories(machine.shared().resolve(id));
        List<String> arguments = new ArrayList<>(List.of("run", "--detach", "--null-io", "--snapshotter", "sluice"));
        arguments.addAll(List.of("--mount", "type=bind,src=/usr,dst=/usr,options=rbind:ro"));
        arguments.addAll(List.of("--mount", "type=bind,src=/shared/" + id + ",dst=/out,options=rbind:rw"));
        arguments.addAll(List.of(reference, id, "/usr/bin/bash", "-c", READ_ALL, "read"));
        arguments.addAll(files);
        machine.command("ctr").withArguments(arguments).run();
        return new Reading(id, files, out);
    }

    /** A container that reads files, and what it says about them. */
    private final class Reading {
        private final String id;
        private final List<String> files;
        private final Path out;

        Reading(String id, List<String> files, Path out) {
            this.id = id;
            this.files = files;
            this.out = out;
        }

        private boolean isDone() {
            return Files.exists(out.resolve("done"));
        }

        /** Until so many have been read, and others have not. */
        void awaitFiles(int count) throws IOException {
            assertThat(Poll.until(PATIENCE, () -> isDone() || read().size() >= count))
                    .isTrue();
            assertThat(isDone()).as("done too soon").isFalse();
        }

        /** All of them could be read, each as it is in the image. */
        void assertRight() throws IOException {
            assertThat(Poll.until(PATIENCE, this::isDone)).as("all files read").isTrue();
            Map<String, String> expected = new TreeMap<>(digests);
            expected.keySet().retainAll(files);
            assertThat(read()).isEqualTo(expected);
        }

        private Map<String, String> read() throws IOException {
            Map<String, String> read = new TreeMap<>();
            Path file = out.resolve("read");
            if (Files.exists(file)) {
                for (String line : Files.readAllLines(file)) {
                    String[] digestAndPath = line.split(" +", 2);
                    read.put(digestAndPath[1], digestAndPath[0]);
                }
            }
            return read;
        }
    }
}
