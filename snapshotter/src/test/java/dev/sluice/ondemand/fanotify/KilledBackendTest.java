package dev.sluice.ondemand.fanotify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.fill.BootId;
import dev.sluice.linux.Linux;
import dev.sluice.linux.MkfsErofs;
import dev.sluice.linux.MountTable;
import dev.sluice.linux.Mounts.UnmountFlag;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.ProbeResult;
import dev.sluice.ondemand.Rescue;
import dev.sluice.ondemand.fanotify.ServingProcess.Death;
import dev.sluice.ondemand.keeper.ProcessKeeper;
import dev.sluice.ondemand.keeper.ProcessKeeperProbe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The process that serves is killed, and readers notice nothing: a keeper has the group, and the next process answers. */
class KilledBackendTest {
    private static final int ROUNDS = Integer.getInteger("sluice.kills", 5);
    private static final int READERS = 8;

    private final Linux linux = Linux.load();
    private final List<Process> readers = new ArrayList<>();
    private String expected = "";

    @TempDir
    Path directory;

    @BeforeEach
    void prepare() throws Exception {
        Node.assumeUsable(directory);
        ProbeResult keeper = new ProcessKeeperProbe(linux).run();
        Assumptions.assumeTrue(keeper.ok(), keeper.reason());
        byte[] contents = new byte[4 << 20];
        new Random(1).nextBytes(contents);
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Files.write(tree.resolve("file"), contents);
        Files.createDirectory(directory.resolve("layers"));
        Process sum = sum(tree.resolve("file"));
        expected = Node.output(sum).substring(0, 64);
    }

    @AfterEach
    void cleanUp() throws Exception {
        // Once nobody has the group, nobody waits.
        try (Keeper keeper = ProcessKeeper.open(linux, directory)) {
            keeper.forget(KeptGroup.GROUP, KeptGroup.JOURNAL);
        }
        for (Process reader : readers) {
            reader.destroyForcibly().waitFor();
        }
        for (MountTable.Mount left : MountTable.read().under(directory)) {
            linux.mounts().unmount(Path.of(left.mountPoint()), UnmountFlag.DETACH);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Death.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"NEVER"})
    void atAMomentOfItsOwnChoice(Death death) throws Exception {
        Path mount = newLayer("1");
        try (ServingProcess first = ServingProcess.start(directory, death)) {
            first.mount("1", mount);
            Process reader = sum(mount.resolve("file"));
            first.awaitDeath();

            try (ServingProcess second = ServingProcess.start(directory, Death.NEVER)) {
                assertThat(Node.output(reader)).startsWith(expected);
                Path again = Files.createDirectory(directory.resolve("again"));
                second.mount("1", again);
                assertThat(Node.output(sum(again.resolve("file")))).startsWith(expected);
            }
        }
    }

    @Test
    void atARandomMomentUnderManyReaders() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            String name = Integer.toHexString(16 + round);
            Path mount = newLayer(name);
            List<Process> current = new ArrayList<>();
            try (ServingProcess first = ServingProcess.start(directory, Death.NEVER)) {
                first.mount(name, mount);
                for (int i = 0; i < READERS; i++) {
                    current.add(sum(mount.resolve("file")));
                }
                // Any moment is right; the sooner ones hit more.
                first.process().waitFor(random.nextInt(60), TimeUnit.MILLISECONDS);
            }
            try (ServingProcess second = ServingProcess.start(directory, Death.NEVER)) {
                assertThat(second.process().isAlive()).isTrue();
                for (Process reader : current) {
                    assertThat(Node.output(reader)).as("seed %d", seed).startsWith(expected);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Death.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"NEVER"})
    void rescuedReadersGetErrorsAndTheNextProcessServesTheSameMount(Death death) throws Exception {
        Path mount = newLayer("1");
        try (ServingProcess first = ServingProcess.start(directory, death)) {
            first.mount("1", mount);
            Process waiting = sum(mount.resolve("file"));
            first.awaitDeath();
            Process late = sum(mount.resolve("file"));
            try (Keeper keeper = ProcessKeeper.open(linux, directory);
                    Rescue rescue = FanotifyRescue.start(linux, BootId.current(), keeper)
                            .orElseThrow()) {
                for (Process reader : List.of(waiting, late)) {
                    assertThat(Node.output(reader)).contains("Input/output error");
                }
                await().until(rescue::isQuiet);
            }
        }
        try (ServingProcess second = ServingProcess.start(directory, Death.NEVER)) {
            assertThat(second.process().isAlive()).isTrue();
            assertThat(Node.output(sum(mount.resolve("file")))).startsWith(expected);
        }
    }

    @Test
    void aGroupThatNobodyHasIsNotTakenForTheOldOne() throws Exception {
        Path mount = newLayer("1");
        try (ServingProcess first = ServingProcess.start(directory, Death.NEVER)) {
            first.mount("1", mount);
        }
        try (Keeper keeper = ProcessKeeper.open(linux, directory)) {
            keeper.forget(KeptGroup.GROUP);
        }
        // This is what must never happen: nobody has the group, and the kernel shows zeros.
        Process reader = sum(mount.resolve("file"));
        assertThat(Node.output(reader)).doesNotContain(expected);

        try (ServingProcess second = ServingProcess.start(directory, Death.NEVER)) {
            Path fresh = Files.createDirectory(directory.resolve("fresh"));
            second.mount("1", fresh);
            assertThat(Node.output(sum(fresh.resolve("file")))).startsWith(expected);
        }
    }

    /** @return where to mount it */
    private Path newLayer(String name) throws Exception {
        MkfsErofs.build(
                directory.resolve("tree"),
                Files.createDirectory(directory.resolve("layers").resolve(name)));
        return Files.createDirectory(directory.resolve("mount" + name));
    }

    private Process sum(Path file) throws IOException {
        Process process = new ProcessBuilder("sha256sum", file.toString())
                .redirectErrorStream(true)
                .start();
        readers.add(process);
        return process;
    }
}
