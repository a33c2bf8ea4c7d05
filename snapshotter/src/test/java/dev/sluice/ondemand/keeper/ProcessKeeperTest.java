package dev.sluice.ondemand.keeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.MountTable;
import dev.sluice.linux.OpenFlags;
import dev.sluice.ondemand.keeper.KeeperRecord.Identity;
import dev.sluice.ondemand.keeper.ProcessKeeper.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each file is deleted as soon as it is kept: what comes back is the open file. */
class ProcessKeeperTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final Linux linux = Linux.load();
    private final List<ClientProcess> clients = new ArrayList<>();

    @TempDir
    Path directory;

    @AfterEach
    void endAll() throws IOException {
        clients.forEach(ClientProcess::close);
        for (KeeperProcess keeper : keepers()) {
            keeper.process().kill();
            keeper.close();
        }
    }

    @Test
    void whatIsKeptSurvivesEachKillAndIsNoChildrensBusiness() throws IOException {
        ClientProcess first = client();
        keep(first, "fuse", "one");
        keep(first, "cachefiles", "two");
        first.kill();

        ClientProcess second = client();
        assertThat(second.run("take fuse")).isEqualTo("one");
        assertThat(second.run("take fuse")).isEqualTo("nothing");
        keep(second, "fill-1", "three");
        second.kill();

        ClientProcess third = client();
        assertThat(third.run("take fuse")).isEqualTo("one");
        assertThat(third.run("take cachefiles")).isEqualTo("two");
        assertThat(third.run("take fill-1")).isEqualTo("three");
    }

    @ParameterizedTest
    @EnumSource
    void killedAtAnyStepOfAChangeNothingThatWasKeptIsLost(Step step) throws IOException {
        ClientProcess first = client();
        keep(first, "old", "one");
        keep(first, "replaced", "before");
        assertThat(first.run("die-at " + step)).isEqualTo("done");
        assertThat(first.run("keep replaced " + file("after"))).isEqualTo("died");

        ClientProcess second = client();
        assertThat(second.run("take old")).isEqualTo("one");
        assertThat(second.run("take replaced")).isEqualTo(step.compareTo(Step.RECORDED) < 0 ? "before" : "after");
        assertThat(numberOfKeepers()).isOne();
    }

    @ParameterizedTest
    @EnumSource
    void killedAtAnyStepOfTheFirstKeepNoProcessStaysBehindUnknown(Step step) throws IOException {
        ClientProcess first = client();
        assertThat(first.run("die-at " + step)).isEqualTo("done");
        assertThat(first.run("keep fuse " + file("one"))).isEqualTo("died");

        ClientProcess second = client();
        assertThat(second.run("take fuse")).isEqualTo("one");
        assertThat(second.run("forget fuse")).isEqualTo("done");
        assertThat(numberOfKeepers()).isZero();
    }

    @Test
    void whatIsForgottenDoesNotComeBack() throws IOException {
        ClientProcess first = client();
        keep(first, "fuse", "one");
        keep(first, "cachefiles", "two");
        assertThat(first.run("forget fuse")).isEqualTo("done");
        first.kill();

        ClientProcess second = client();
        assertThat(second.run("take fuse")).isEqualTo("nothing");
        assertThat(second.run("take cachefiles")).isEqualTo("two");
        assertThat(second.run("forget cachefiles")).isEqualTo("done");
        assertThat(numberOfKeepers()).isZero();
        second.kill();

        assertThat(client().run("take cachefiles")).isEqualTo("nothing");
    }

    @Test
    void aKeeperThatDiesIsReplaced() throws IOException {
        ClientProcess first = client();
        keep(first, "fuse", "one");
        String before = first.run("where");
        killKeepers();
        await().atMost(PATIENCE).until(() -> !first.run("where").equals(before));
        first.kill();

        assertThat(client().run("take fuse")).isEqualTo("one");
    }

    @Test
    void killedWhileADeadKeeperIsReplacedNothingIsLost() throws IOException {
        ClientProcess first = client();
        keep(first, "fuse", "one");
        assertThat(first.run("die-at STARTED")).isEqualTo("done");
        killKeepers();
        first.process().onExit().join();

        assertThat(client().run("take fuse")).isEqualTo("one");
        assertThat(numberOfKeepers()).isOne();
    }

    @Test
    void survivesTheEndOfTheDaemonsControlGroup() throws IOException {
        Path unified = MountTable.read().mounts().stream()
                .filter(mount -> mount.type().equals("cgroup2"))
                .map(mount -> Path.of(mount.mountPoint()))
                .findFirst()
                .orElse(Path.of("/none"));
        assumeThat(Files.isWritable(unified.resolve("cgroup.procs")))
                .as("a control group file system, version 2, that can be written")
                .isTrue();
        Path group = Files.createDirectory(
                unified.resolve("sluice-test-" + ProcessHandle.current().pid()));
        try {
            assumeThat(group.resolve("cgroup.kill")).as("Linux 5.14").exists();
            ClientProcess first = ClientProcess.start(
                    List.of("sh", "-c", "echo $$ > " + group + "/cgroup.procs && exec \"$@\"", "sh"),
                    List.of(directory.toString()),
                    directory.resolve("log"));
            clients.add(first);
            keep(first, "fuse", "one");
            Files.writeString(group.resolve("cgroup.kill"), "1");
            first.process().onExit().join();

            assertThat(client().run("take fuse")).isEqualTo("one");
        } finally {
            await().atMost(PATIENCE)
                    .until(() -> Files.readString(group.resolve("cgroup.procs")).isEmpty());
            Files.delete(group);
        }
    }

    @Test
    void theProcessHasWhatItKeepsAndNothingElse() throws IOException {
        try (ProcessKeeper keeper = open();
                LinuxFile one = linuxFile("1");
                LinuxFile two = linuxFile("2")) {
            keeper.keep("a", two);
            keeper.keep("b", one);
            // The kernel lets us go on a moment before the new program has its environment.
            await().atMost(PATIENCE).until(() -> numberOfKeepers() == 1);
            List<KeeperProcess> processes = keepers();
            int pid = processes.get(0).process().pid();
            try (Stream<Path> files = Files.list(Path.of("/proc/" + pid + "/fd"))) {
                assertThat(files.map(file -> file.getFileName().toString()))
                        .containsExactlyInAnyOrder("0", "1", "2", "3", "4");
            }
            assertThat(Path.of("/proc/" + pid + "/fd/0").toRealPath()).isEqualTo(Path.of("/dev/null"));
            assertThat(Path.of("/proc/" + pid + "/cwd").toRealPath()).isEqualTo(Path.of("/"));
            assertThat(Files.readString(Path.of("/proc/" + pid + "/cmdline")))
                    .as("a name that systemd spares to the end of a shutdown")
                    .startsWith("@");
            assertThat(ProcessHandle.of(pid).orElseThrow().info().arguments().orElseThrow())
                    .containsExactly("infinity");
            processes.forEach(KeeperProcess::close);
        }
    }

    @Test
    void anotherProcessOfTheSameNumberIsNotAskedForFiles() throws IOException {
        int pid = (int) ProcessHandle.current().pid();
        Identity self = Identity.of(pid).orElseThrow();
        for (long startTime : List.of(self.startTime(), self.startTime() - 1)) {
            KeeperRecord.fresh().with(Optional.of(new Identity(pid, startTime))).write(directory.resolve("keeper"));
            try (ProcessKeeper keeper = open()) {
                assertThat(keeper.take("fuse")).isEmpty();
            }
        }
    }

    @Test
    void aDamagedRecordIsNotTakenForNone() throws IOException {
        Files.writeString(directory.resolve("keeper"), "sluice keeper 1\n");
        assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining("damaged");
    }

    @Test
    void keepsHundredsOfFiles() throws IOException {
        try (ProcessKeeper keeper = open();
                LinuxFile file = linuxFile("x")) {
            for (int i = 0; i < 600; i++) {
                keeper.keep("fill-" + i, file);
            }
        }
        try (ProcessKeeper keeper = open()) {
            for (int i = 0; i < 600; i++) {
                try (LinuxFile taken = keeper.take("fill-" + i).orElseThrow()) {
                    assertThat(taken.size()).isOne();
                }
            }
        }
    }

    private ProcessKeeper open() throws IOException {
        return ProcessKeeper.open(linux, directory);
    }

    private ClientProcess client() throws IOException {
        ClientProcess client = ClientProcess.start(List.of(), List.of(directory.toString()), directory.resolve("log"));
        clients.add(client);
        return client;
    }

    private void killKeepers() throws IOException {
        for (KeeperProcess keeper : keepers()) {
            assertThat(ProcessHandle.of(keeper.process().pid()).orElseThrow().destroyForcibly())
                    .isTrue();
            keeper.close();
        }
    }

    private int numberOfKeepers() throws IOException {
        List<KeeperProcess> keepers = keepers();
        keepers.forEach(KeeperProcess::close);
        return keepers.size();
    }

    /** To be closed. */
    private List<KeeperProcess> keepers() throws IOException {
        Optional<KeeperRecord> known = Optional.empty();
        try {
            known = KeeperRecord.read(directory.resolve("keeper"));
        } catch (IOException e) {
            // Of the test that damages it.
            assertThat(e).hasMessageContaining("damaged");
        }
        return known.isEmpty()
                ? List.of()
                : new KeeperProcesses(linux, directory, known.get().secret()).findAllBut(0);
    }

    private void keep(ClientProcess client, String name, String contents) throws IOException {
        Path file = file(contents);
        assertThat(client.run("keep " + name + " " + file)).isEqualTo("done");
        Files.delete(file);
    }

    private LinuxFile linuxFile(String contents) throws IOException {
        return linux.open(file(contents), OpenFlags.O_RDWR, 0);
    }

    private Path file(String contents) throws IOException {
        return Files.writeString(Files.createTempFile(directory, "kept", ""), contents);
    }
}
