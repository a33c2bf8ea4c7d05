package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.daemon.Commands;
import dev.sluice.install.Host;
import dev.sluice.install.InstallTarget;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On the files of a machine of which there is nothing but these files. */
class InstallCommandTest {
    private static final String FILE = """
            # ours
            version = 3
            [debug]
              level = "warn" # as agreed
            """;

    @TempDir
    private Path root;

    private Path file;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void write() throws IOException {
        file = Files.createDirectories(root.resolve("etc/containerd")).resolve("config.toml");
        Files.writeString(file, FILE);
    }

    @Test
    void installAndUninstallLeaveNoTrace() throws IOException {
        assertThat(run("install", "--yes", "--cri", "--containerd-version", "v2.4.2"))
                .as(err.toString())
                .isZero();
        assertThat(Files.readString(file))
                .startsWith(FILE)
                .contains("[proxy_plugins.sluice]", "address = \"/run/sluice/sluice.sock\"", "remap-ids")
                .contains("unpack_config", "[plugins.\"io.containerd.cri.v1.images\"]");
        assertThat(out.toString())
                .contains("+++ /etc/containerd/config.toml", "+[proxy_plugins.sluice]", "systemctl restart containerd");

        assertThat(run("uninstall", "--yes")).as(err.toString()).isZero();
        assertThat(Files.readString(file)).isEqualTo(FILE);
        try (var all = Files.walk(root)) {
            assertThat(all.filter(Files::isRegularFile)).containsExactly(file);
        }
    }

    @Test
    void aSecondRunChangesNothingAndSaysSo() throws IOException {
        run("install", "--yes", "--containerd-version", "1.7.24");
        String installed = Files.readString(file);

        assertThat(run("install", "--yes", "--containerd-version", "1.7.24")).isZero();
        assertThat(out.toString()).contains("Nothing to change");
        assertThat(Files.readString(file)).isEqualTo(installed);
    }

    @Test
    void aDryRunOnlyShows() throws IOException {
        assertThat(run("install", "--dry-run", "--containerd-version", "1.6")).isZero();

        assertThat(out.toString()).contains("+[proxy_plugins.sluice]");
        assertThat(Files.readString(file)).isEqualTo(FILE);
        assertThat(root.resolve("var")).doesNotExist();
    }

    @Test
    void whereNobodyCanBeAskedItSaysHowToGoOn() throws IOException {
        assertThat(run("install", "--containerd-version", "1.6")).isEqualTo(2);

        assertThat(err.toString()).contains("--yes");
        assertThat(Files.readString(file)).isEqualTo(FILE);
    }

    @Test
    void askedItDoesWhatWasAnswered() throws Exception {
        assertThat(dialog("n").install(target(), false, false, false, false)).isZero();
        assertThat(Files.readString(file)).isEqualTo(FILE);
        assertThat(out.toString()).endsWith("Change it like this? [y/N] Nothing was changed\n");

        assertThat(dialog("yes").install(target(), false, false, false, false)).isZero();
        assertThat(Files.readString(file)).isNotEqualTo(FILE);
        assertThat(dialog("").uninstall(target(), false, false, false, false)).isZero();
        assertThat(Files.readString(file)).isNotEqualTo(FILE);
        assertThat(dialog("Y").uninstall(target(), false, false, false, false)).isZero();
        assertThat(Files.readString(file)).isEqualTo(FILE);
    }

    @Test
    void whatIsNotUnderstoodIsNamedWithFileAndLine() throws IOException {
        Files.writeString(file, "version = 3\nproxy_plugins = 7\n");

        assertThat(run("install", "--yes", "--containerd-version", "2.0")).isEqualTo(2);
        assertThat(err.toString()).contains("/etc/containerd/config.toml, line 2: proxy_plugins is not a table");
        assertThat(err.toString().strip().lines()).hasSize(1);
    }

    @Test
    void withoutAContainerdItHasToBeToldTheVersion() {
        assertThat(run("install", "--yes")).isEqualTo(1);
        assertThat(err.toString()).contains("--containerd-version");
        assertThat(run("install", "--yes", "--containerd-version", "new")).isEqualTo(2);
    }

    @Test
    void sluicesOwnConfigurationTellsTheSocket() throws IOException {
        Path own = Files.createDirectories(root.resolve("etc/sluice")).resolve("config.toml");
        Files.writeString(own, "address = \"/run/other.sock\"\n");

        assertThat(run("install", "--yes", "--containerd-version", "1.6")).isZero();
        assertThat(Files.readString(file)).contains("address = \"/run/other.sock\"");
    }

    @Test
    void nothingIsTakenBackWhereNothingWasInstalled() throws IOException {
        assertThat(run("uninstall", "--yes")).isZero();
        assertThat(out.toString()).contains("Nothing to take back");
        assertThat(Files.readString(file)).isEqualTo(FILE);
    }

    private InstallTarget target() throws Exception {
        return new InstallOptions(root, Path.of("/etc/containerd/config.toml"), Optional.empty())
                .target(Optional.empty(), Optional.empty(), Optional.empty(), Optional.of("2.1"));
    }

    private InstallDialog dialog(String answer) {
        return new InstallDialog(Commands.runners().install(), new PrintWriter(out, true), () -> Optional.of(answer));
    }

    private int run(String... args) {
        assertThat(new Host(root).isHere()).isFalse();
        List<String> all = new ArrayList<>(List.of(args));
        all.add("--root-directory=" + root);
        return CommandLineRunner.run(
                Commands.runners(), new PrintWriter(out, true), new PrintWriter(err, true), all.toArray(String[]::new));
    }
}
