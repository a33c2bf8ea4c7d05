package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.Mounts;
import dev.sluice.e2e.host.ServiceProcess;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.image.TarEntry;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.MountedView;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** The commands that mount images without containerd, and those that ask a daemon, as a user types them. */
@TestInstance(Lifecycle.PER_CLASS)
class MountCommandIT {

    private static final int TERMINATED = 128 + 15;

    /** Port 1 is nobody's. */
    private static final String UNUSED = "127.0.0.1:1";

    private static final byte[] LOWER = random(300_001);
    private static final byte[] UPPER = random(5_000_001);

    private final TestBed bed;
    private final RegistryProcess registry;
    private final String plain;
    private final String reference;
    private final SluiceNode node;
    private final String sluice;

    MountCommandIT() throws IOException {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "ctr-remote");
        bed = Machine.newTestBed();
        registry = bed.add(RegistryProcess.start(bed.directory("r")));
        plain = registry.address() + "/small:plain";
        reference = registry.address() + "/small:estargz";
        Path layout = bed.directory("image");
        OciLayout.write(
                layout,
                "latest",
                List.of(
                        List.of(TarEntry.file("lower", LOWER), TarEntry.file("removed", LOWER)),
                        List.of(TarEntry.whiteout("removed"), TarEntry.file("upper", UPPER))));
        ImagePublisher.push(layout, "latest", plain);
        node = SluiceNode.start(
                bed, Machine.installedContainerd(), Machine.distribution(), "auto", List.of(registry.address()));
        Estargz.convert(node.client(), plain, reference);
        sluice = Machine.distribution().resolve("bin/sluice").toString();
    }

    @AfterAll
    void stop() throws IOException {
        bed.close();
    }

    @Test
    void withoutADaemonItServesTheImageItselfUntilSomebodyUnmountsIt() throws IOException {
        Path root = bed.directory("alone");
        Path directory = bed.directory("alone-mnt");
        // The second time, everything that the first one left behind is in the way, if there is anything.
        for (int i = 0; i < 2; i++) {
            ServiceProcess process = mountAlone(root, directory);
            assertShowsTheImage(directory);

            Command.of("umount", directory.toString()).run();

            assertThat(process.awaitExit()).isZero();
            assertThat(Mounts.below(root)).isEmpty();
            assertThat(Mounts.below(directory)).isEmpty();
        }
    }

    @Test
    void aPlainImageIsFetchedFirst() throws IOException {
        Path directory = bed.directory("plain-mnt");
        String root = node.sluice().settings().root().toString();
        Command.of(mountCommand(Path.of(root), plain, directory, true)).run();

        assertShowsTheImage(directory);

        Command.of(sluice, "umount", "--root", root, directory.toString()).run();
        assertThat(Mounts.below(directory)).isEmpty();
    }

    @Test
    void withoutADaemonItUnmountsTheImageWhenItIsAskedToEnd() throws IOException {
        Path root = bed.directory("asked");
        Path directory = bed.directory("asked-mnt");
        ServiceProcess process = mountAlone(root, directory);
        assertShowsTheImage(directory);

        process.terminate();

        assertThat(process.awaitExit()).isEqualTo(TERMINATED);
        assertThat(Mounts.below(root)).isEmpty();
        assertThat(Mounts.below(directory)).isEmpty();
    }

    @Test
    void afterItWasKilledTheSameCommandServesTheSameMountAgain() throws IOException {
        Path root = bed.directory("killed");
        Path directory = bed.directory("killed-mnt");
        mountAlone(root, directory).kill();
        assertThat(Mounts.below(directory)).isNotEmpty();

        ServiceProcess process = mountAlone(root, directory);

        assertShowsTheImage(directory);
        Command.of("umount", directory.toString()).run();
        assertThat(process.awaitExit()).isZero();
        assertThat(Mounts.below(root)).isEmpty();
    }

    @Test
    void onTheRootOfADaemonThatIsDeadItLeavesTheLayersOfSnapshotsAlone() throws IOException {
        Path directory = bed.directory("dead-mnt");
        try (TestBed nested = bed.nested()) {
            SluiceNode mortal = SluiceNode.start(
                    nested, Machine.installedContainerd(), Machine.distribution(), "auto", List.of(registry.address()));
            ContainerdClient client = mortal.client();
            client.pullLazily(reference, SluiceProcess.NAME);
            mortal.sluice().kill();
            ServiceProcess process = mountAlone(mortal.sluice().settings().root(), directory);
            Command.of("umount", directory.toString()).run();
            assertThat(process.awaitExit()).isZero();

            mortal.sluice().restart();
            mortal.awaitSnapshotter();

            String chainId = RemoteManifest.fetch(reference).chainId();
            try (MountedView view = client.view(SluiceProcess.NAME, chainId, nested.directory("view"))) {
                assertShowsTheImage(view.target());
            }
        }
    }

    @Test
    void theDaemonServesTheImageAndTellsSo() throws IOException {
        String root = node.sluice().settings().root().toString();
        Path directory = bed.directory("served-mnt");

        Command.of(sluice, "mount", "--root", root, reference, directory.toString())
                .run();
        assertShowsTheImage(directory);
        JsonNode status = new ObjectMapper()
                .readTree(Command.of(sluice, "status", "--root", root, "--json")
                        .run()
                        .stdout());
        Command.Result again = Command.of(sluice, "mount", "--root", root, reference, directory.toString())
                .runForResult();
        Command.of(sluice, "umount", "--root", root, directory.toString()).run();

        assertThat(status.path("root").asText()).isEqualTo(root);
        assertThat(status.path("image_mounts")).singleElement().satisfies(mount -> {
            assertThat(mount.path("reference").asText()).isEqualTo(reference);
            assertThat(mount.path("directory").asText()).isEqualTo(directory.toString());
        });
        assertThat(status.path("layers")).hasSize(2);
        assertThat(again.exitCode()).isEqualTo(1);
        assertThat(sentences(again)).containsExactly("sluice: " + reference + " is already mounted at " + directory);
        assertThat(Mounts.below(directory)).isEmpty();
    }

    @Test
    void anImageThatWasUnmountedBehindTheDaemonsBackCanBeMountedAgain() throws IOException {
        String root = node.sluice().settings().root().toString();
        Path directory = bed.directory("again-mnt");
        Command mount = Command.of(sluice, "mount", "--root", root, reference, directory.toString());
        mount.run();
        Command.of("umount", directory.toString()).run();

        mount.run();

        assertShowsTheImage(directory);
        Command.of("umount", directory.toString()).run();
        Command.of(sluice, "umount", "--root", root, directory.toString()).run();
    }

    @Test
    void doctorFindsNothingWrongWithADaemonThatWorks() throws IOException {
        String root = node.sluice().settings().root().toString();

        Command.Result result = Command.of(sluice, "doctor", "--root", root).run();

        assertThat(result.stdout())
                .contains("answers at " + node.containerd().socket())
                .containsPattern("(?m)^ok +daemon: version .* answers at "
                        + node.sluice().settings().adminSocket());
    }

    @Test
    void statusWithoutADaemonFailsWithOneSentence() throws IOException {
        Command.Result result = Command.of(
                        sluice,
                        "status",
                        "--admin",
                        bed.directory().resolve("none").toString())
                .runForResult();

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(sentences(result))
                .containsExactly("sluice: no daemon answers at "
                        + bed.directory().resolve("none") + "; is sluice daemon running?");
    }

    @Test
    void whatCannotBeMountedFailsWithOneSentence() throws IOException {
        Path directory = bed.directory("empty-mnt");
        Path full = bed.directory("full-mnt");
        Files.writeString(full.resolve("file"), "here already");
        Path absent = bed.directory().resolve("absent-mnt");
        String missing = registry.address() + "/small:missing";
        String unreachable = UNUSED + "/small:estargz";

        for (boolean daemon : List.of(false, true)) {
            assertFails(daemon, missing, directory, missing);
            assertFails(daemon, reference, full, full + " is not empty");
        }
        assertFails(false, unreachable, directory, UNUSED);
        assertFails(false, reference, absent, "there is no directory " + absent);
    }

    private void assertFails(boolean daemon, String image, Path directory, String reason) throws IOException {
        Path root = daemon ? node.sluice().settings().root() : bed.directory("failing");
        Command.Result result =
                Command.of(mountCommand(root, image, directory, daemon)).runForResult();

        assertThat(result.exitCode()).as(result.stderr()).isEqualTo(1);
        assertThat(sentences(result))
                .as(result.stderr())
                .singleElement()
                .asString()
                .contains(reason);
        assertThat(result.stderr()).doesNotContain("ERROR").doesNotContain("\tat ");
        assertThat(Mounts.below(directory)).isEmpty();
        if (!daemon) {
            assertThat(Mounts.below(root)).isEmpty();
        }
    }

    /** What a command says to the user; the log goes to the same place. */
    private static List<String> sentences(Command.Result result) {
        return result.stderr()
                .lines()
                .filter(line -> line.startsWith("sluice: "))
                .toList();
    }

    private ServiceProcess mountAlone(Path root, Path directory) throws IOException {
        Path log = bed.directory().resolve(directory.getFileName() + ".log");
        Files.deleteIfExists(log);
        ServiceProcess process = bed.add(
                ServiceProcess.start("sluice mount", mountCommand(root, reference, directory, false), Map.of(), log));
        process.awaitReady(() -> Files.readString(log).contains(directory + " and served by this process"));
        return process;
    }

    private List<String> mountCommand(Path root, String image, Path directory, boolean daemon) {
        List<String> command = new ArrayList<>(List.of(sluice, "mount", "--root", root.toString()));
        if (!daemon) {
            command.addAll(List.of("--admin", bed.directory().resolve("none").toString()));
        }
        command.addAll(List.of(image, directory.toString()));
        return command;
    }

    private static void assertShowsTheImage(Path directory) throws IOException {
        assertThat(directory.toFile().list()).containsExactlyInAnyOrder("lower", "upper");
        assertThat(directory.resolve("lower")).hasBinaryContent(LOWER);
        assertThat(directory.resolve("upper")).hasBinaryContent(UPPER);
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
