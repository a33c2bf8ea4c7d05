package dev.sluice.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.containerd.PrivateContainerd;
import dev.sluice.daemon.Commands;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a machine whose root directory is mounted here, with a real containerd that was never configured: there is no {@code /etc/containerd}. */
class InstallUnderRootDirectoryTest {
    private static final Pattern LIBRARY = Pattern.compile("(/\\S+) \\(0x");

    @TempDir
    private Path root;

    private Path file;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void machine() throws Exception {
        // Who may not start it may not change root either.
        PrivateContainerd.in(Files.createDirectory(root.resolve("unused")));
        Files.delete(root.resolve("unused/config.toml"));
        Files.delete(root.resolve("unused"));
        Path program = Stream.of(System.getenv("PATH").split(":"))
                .map(directory -> Path.of(directory, "containerd"))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow();
        copy(program, "/usr/bin/containerd");
        Matcher libraries = LIBRARY.matcher(output("ldd", program.toString()));
        while (libraries.find()) {
            copy(Path.of(libraries.group(1)), libraries.group(1));
        }
        file = root.resolve("etc/containerd/config.toml");
    }

    private void copy(Path from, String to) throws IOException {
        Path target = root.resolve(to.substring(1));
        Files.createDirectories(target.getParent());
        Files.copy(from.toRealPath(), target);
    }

    private static String output(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String text = new String(process.getInputStream().readAllBytes(), UTF_8);
        process.waitFor();
        return text;
    }

    @Test
    void itsOwnProgramTellsTheVersionAndReadsWhatWasWritten() throws Exception {
        assertThat(run("install", "--yes", "--cri")).as(err.toString()).isZero();

        assertThat(file).content().contains("version = ", "[proxy_plugins.sluice]");
        assertThat(output("chroot", root.toString(), "/usr/bin/containerd", "config", "dump"))
                .contains("[proxy_plugins.sluice]", "address = \"/run/sluice/sluice.sock\"");
        assertThat(out.toString()).doesNotContain("was not found");
    }

    @Test
    void takenBackThereIsNoConfigurationAgain() throws IOException {
        List<Path> before = tree();
        run("install", "--yes", "--cri");

        assertThat(run("uninstall", "--yes")).as(err.toString()).isZero();

        assertThat(root.resolve("etc")).doesNotExist();
        assertThat(tree()).filteredOn(Files::isRegularFile).isSubsetOf(before);
    }

    @Test
    void aProgramAtAnUnusualPlaceIsNamedAsThatMachineSeesIt() throws IOException {
        Path unusual = Files.createDirectories(root.resolve("opt/vendor")).resolve("containerd");
        Files.move(root.resolve("usr/bin/containerd"), unusual);

        assertThat(run("install", "--yes")).isEqualTo(1);
        assertThat(err.toString()).contains("there is no containerd at the usual places", "--containerd-version");
        assertThat(run("install", "--yes", "--containerd-binary=/opt/vendor/containerd"))
                .as(err.toString())
                .isZero();
        assertThat(file).exists();
    }

    @Test
    void aProgramThatCannotBeRunThereIsSaidAndNothingIsChanged() throws IOException {
        Path broken = root.resolve("usr/bin/containerd");
        Files.writeString(broken, "#!/no/such/shell\n");

        assertThat(run("install", "--yes")).isEqualTo(1);

        assertThat(err.toString()).contains("/usr/bin/containerd --version");
        assertThat(root.resolve("etc")).doesNotExist();
    }

    private List<Path> tree() throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            return all.sorted().toList();
        }
    }

    private int run(String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        all.add("--root-directory=" + root);
        return CommandLineRunner.run(
                Commands.runners(), new PrintWriter(out, true), new PrintWriter(err, true), all.toArray(String[]::new));
    }
}
