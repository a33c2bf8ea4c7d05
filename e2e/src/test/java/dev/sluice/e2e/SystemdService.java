package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.e2e.host.Command;
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
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/**
 * Sluice as a unit of a systemd that is process 1. Whatever is done to the unit while a container reads files that nobody has read
 * before, the container reads on as soon as the unit runs, and gets the bytes of the image.
 */
@TestInstance(Lifecycle.PER_CLASS)
abstract class SystemdService {
    static final String UNIT = "sluice.service";
    private static final int FILES = 16;
    private static final int SMALLEST = 120_000;
    private static final int READERS = 4;
    private static final int CRASHES = 4;
    /** So slow that there is always something on its way. */
    private static final Shape LINK = new Shape(Duration.ofMillis(10), 2_000_000);

    static final Duration PATIENCE = Duration.ofMinutes(2);

    /** Each test reads files of a directory of its own. */
    private static final List<String> DIRECTORIES = List.of("kill", "restart", "stop", "crashes", "off", "rescue");

    /** Whoever reads does not end when asked to, as a program may that has something to finish. */
    private static final String READ_ALL = "trap '' TERM; printf '%s\\n' \"$@\" | xargs -P " + READERS
            + " -n 1 sh -c 'sha256sum \"$0\" >> /out/read 2>> /out/errors'; touch /out/done";

    private final Map<String, String> digests = new TreeMap<>();
    private final AtomicInteger containers = new AtomicInteger();
    private final TestBed bed;
    final SystemdMachine machine;
    private final String reference;

    /**
     * @param release of Debian
     * @param backend of the daemon
     * @param keeper of the daemon
     */
    SystemdService(String release, Cgroups cgroups, String backend, String keeper) throws IOException {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "ctr-remote", "mmdebstrap", "nsenter");
        assumeTrue(Machine.backends().contains(backend), "needs " + backend);
        bed = Machine.newTestBed();
        try {
            Path image = Estargz.build("systemd", layers(), bed.directory("i"));
            RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
            ImagePublisher.push(image, DebianImage.TAG, registry.address() + "/systemd:estargz");
            ShapingProxy proxy = bed.add(ShapingProxy.start(registry.port(), LINK));
            reference = proxy.address() + "/systemd:estargz";
            machine = bed.add(boot(release, cgroups));
            configure(backend, keeper);
            assertThat(machine.journal(UNIT)).contains("backend " + backend + ", keeper " + keeper);
            machine.run("ctr-remote", "images", "rpull", "--plain-http", "--snapshotter", "sluice", reference);
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

    private SystemdMachine boot(String release, Cgroups cgroups) throws IOException {
        Path root = new DebianRoot(
                        "systemd-" + release,
                        release,
                        List.of(
                                "ca-certificates",
                                "containerd",
                                "default-jre-headless",
                                "runc",
                                "stargz-snapshotter",
                                "systemd-sysv"))
                .build();
        return SystemdMachine.boot(new SystemdMachine.Settings(
                Path.of("tools/systemd/boot"),
                root,
                bed.directory("m"),
                cgroups,
                Map.of(Path.of("/opt/sluice"), Machine.distribution())));
    }

    private void configure(String backend, String keeper) throws IOException {
        machine.write("/etc/sluice/config.toml", """
                backend = "%s"
                keeper = "%s"
                prefetch = false
                fill = { read_ahead_max = "0B" }
                %s""".formatted(backend, keeper, SluiceProcess.Settings.PATIENT));
        machine.write("/etc/containerd/config.toml", """
                version = 2
                disabled_plugins = ["io.containerd.grpc.v1.cri"]
                [proxy_plugins.sluice]
                  type = "snapshot"
                  address = "/run/sluice/sluice.sock"
                """);
        machine.run("cp", "/opt/sluice/etc/systemd/sluice.service", "/etc/systemd/system");
        machine.run("systemctl", "daemon-reload");
        machine.run("systemctl", "enable", UNIT);
        machine.start(UNIT);
        machine.run("systemctl", "restart", "containerd.service");
    }

    /** containerd's connection to a plugin that went away comes back after a pause of some seconds. */
    @BeforeEach
    void awaitSnapshotter() throws IOException {
        machine.start(UNIT);
        Command list = machine.command("ctr", "snapshots", "--snapshotter", "sluice", "ls");
        assertThat(Poll.until(PATIENCE, () -> list.runForResult().exitCode() == 0))
                .isTrue();
    }

    @AfterAll
    void stop() throws IOException {
        bed.close();
    }

    private List<List<TarEntry>> layers() {
        List<TarEntry> layer = new ArrayList<>(List.of(
                TarEntry.directory("usr"),
                TarEntry.directory("out"),
                TarEntry.directory("space"),
                TarEntry.symlink("bin", "usr/bin"),
                TarEntry.symlink("lib", "usr/lib"),
                TarEntry.symlink("lib64", "usr/lib64")));
        Random random = new Random(1);
        for (String directory : DIRECTORIES) {
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

    @Test
    void killedTheServiceComesBackAndReadersGoOn() throws IOException {
        Reading reading = read("kill");
        reading.awaitFiles(2);
        long before = mainProcess();
        machine.run("systemctl", "kill", "--signal=KILL", UNIT);
        reading.assertRight();
        assertThat(mainProcess()).isNotEqualTo(before);
    }

    @Test
    void restartedTheServiceGoesOnWhereItWas() throws IOException {
        Reading reading = read("restart");
        reading.awaitFiles(2);
        long before = mainProcess();
        machine.run("systemctl", "restart", UNIT);
        assertThat(mainProcess()).isNotEqualTo(before);
        reading.assertRight();
    }

    @Test
    void readersWaitForAServiceThatIsStopped() throws IOException {
        Reading reading = read("stop");
        reading.awaitFiles(2);
        machine.run("systemctl", "stop", UNIT);
        assertThat(machine.command("systemctl", "is-active", UNIT)
                        .runForResult()
                        .stdout())
                .isEqualTo("inactive\n");
        assertThat(reading.isDone()).isFalse();
        machine.start(UNIT);
        reading.assertRight();
    }

    @Test
    void aServiceThatCrashesAgainAndAgainIsStartedAgainAndAgain() throws IOException {
        Reading reading = read("crashes");
        reading.awaitFiles(1);
        for (int i = 0; i < CRASHES; i++) {
            long before = mainProcess();
            machine.run("systemctl", "kill", "--signal=KILL", UNIT);
            // Every other time before it is ready.
            boolean ready = i % 2 == 1;
            assertThat(Poll.until(PATIENCE, () -> isAnother(before) && (!ready || isActive())))
                    .isTrue();
        }
        reading.assertRight();
    }

    private boolean isAnother(long before) throws IOException {
        long now = mainProcess();
        return now != 0 && now != before;
    }

    private boolean isActive() throws IOException {
        return machine.command("systemctl", "is-active", "--quiet", UNIT)
                        .runForResult()
                        .exitCode()
                == 0;
    }

    /** Its number in that machine; 0 for none. */
    private long mainProcess() throws IOException {
        return Long.parseLong(machine.run("systemctl", "show", "--property=MainPID", "--value", UNIT)
                .stdout()
                .strip());
    }

    /** Starts a container that reads all files of a directory. */
    final Reading read(String directory) throws IOException {
        List<String> files = digests.keySet().stream()
                .filter(file -> file.startsWith("/" + directory + "/"))
                .toList();
        String id = directory + containers.incrementAndGet();
        Path out = Files.createDirectories(machine.shared().resolve(id));
        List<String> arguments = new ArrayList<>(List.of("run", "--detach", "--null-io", "--snapshotter", "sluice"));
        arguments.addAll(List.of("--mount", "type=bind,src=/usr,dst=/usr,options=rbind:ro"));
        arguments.addAll(List.of("--mount", "type=bind,src=/shared/" + id + ",dst=/out,options=rbind:rw"));
        arguments.addAll(List.of(reference, id, "/usr/bin/bash", "-c", READ_ALL, "read"));
        arguments.addAll(files);
        machine.command("ctr").withArguments(arguments).run();
        return new Reading(files, out);
    }

    /** A container that reads files, and what it says about them. */
    final class Reading {
        private final List<String> files;
        private final Path out;

        Reading(List<String> files, Path out) {
            this.files = files;
            this.out = out;
        }

        boolean isDone() {
            return Files.exists(out.resolve("done"));
        }

        /** Whether some of them could not be read. */
        boolean hasFailed() throws IOException {
            Path errors = out.resolve("errors");
            return Files.exists(errors) && Files.readString(errors).contains("Input/output error");
        }

        /** Until so many have been read, and others have not. */
        void awaitFiles(int count) throws IOException {
            assertThat(Poll.until(PATIENCE, () -> isDone() || read().size() >= count))
                    .as("files read")
                    .isTrue();
            assertThat(isDone()).as("done too soon").isFalse();
        }

        /** All of them could be read, each as it is in the image. */
        void assertRight() throws IOException {
            assertThat(Poll.until(PATIENCE, this::isDone))
                    .as(() -> "all files read: " + journal())
                    .isTrue();
            Map<String, String> expected = new TreeMap<>(digests);
            expected.keySet().retainAll(files);
            assertThat(read()).as(this::journal).isEqualTo(expected);
        }

        /** Those that were read, not all, are as they are in the image. */
        void assertNothingWrong() throws IOException {
            assertThat(read()).hasSizeLessThan(files.size());
            assertThat(digests).containsAllEntriesOf(read());
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

        private String journal() {
            try {
                return machine.journal(UNIT);
            } catch (IOException e) {
                return e.toString();
            }
        }
    }
}
