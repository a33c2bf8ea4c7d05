package dev.sluice.install;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.install.toml.TomlDocument;
import dev.sluice.install.toml.TomlException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * containerd's own program, asked for its version and for what it makes of a configuration. It is run on the host's root directory.
 *
 * @param path as the host sees it
 */
record ContainerdProgram(Host host, Path path) {
    private static final List<String> DIRECTORIES = List.of(
            "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/opt/containerd/bin");
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    /** Where it usually lies; empty if it is nowhere. */
    static Optional<ContainerdProgram> find(Host host) throws IOException {
        for (String directory : DIRECTORIES) {
            Path path = Path.of(directory, "containerd");
            if (Files.isExecutable(host.find(path))) {
                return Optional.of(new ContainerdProgram(host, path));
            }
        }
        return Optional.empty();
    }

    /** @throws IOException if it cannot be run, or says no version */
    ContainerdVersion version() throws IOException {
        // containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+b1
        String[] words = run("--version").strip().split("\\s+", -1);
        return Optional.of(words)
                .filter(all -> all.length > 2)
                .flatMap(all -> ContainerdVersion.parse(all[2]))
                .orElseThrow(() -> new IOException(path + " --version says no version: " + String.join(" ", words)));
    }

    /**
     * What it works with.
     *
     * @param file its configuration; need not exist
     * @throws IOException if it cannot be run, or refuses the file
     */
    JsonNode configuration(Path file) throws IOException {
        String text = Files.exists(host.find(file))
                ? run("--config", file.toString(), "config", "dump")
                : run("config", "default");
        try {
            return TomlDocument.parse(text).root();
        } catch (TomlException e) {
            throw new IOException(path + " config dump writes what is " + e.getMessage(), e);
        }
    }

    private String run(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(path.toString()));
        command.addAll(List.of(arguments));
        return new HostCommand(host, TIMEOUT).run(command);
    }
}
