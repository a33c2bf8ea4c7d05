package dev.sluice.e2e.runtime;

import dev.sluice.e2e.host.Command;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The command {@code nerdctl}, with Sluice as its snapshotter. Keeps its files to itself, and containers on the host's network.
 *
 * @param program built
 * @param containerd socket of containerd
 * @param directory for its own files
 */
public record NerdctlClient(Path program, Path containerd, Path directory) {

    /** Any {@code nerdctl} command, in the namespace {@code default}. */
    public Command command(String... arguments) {
        return Command.of(
                        program.toString(),
                        "--address",
                        containerd.toString(),
                        "--snapshotter",
                        SluiceProcess.NAME,
                        "--insecure-registry",
                        "--cgroup-manager",
                        "cgroupfs",
                        "--data-root",
                        directory.toString(),
                        "--cni-path",
                        directory.resolve("cni").toString(),
                        "--cni-netconfpath",
                        directory.resolve("networks").toString())
                .withArguments(List.of(arguments));
    }

    public void pull(String reference) throws IOException {
        command("pull", "--quiet", reference).run();
    }

    /** Runs a command in a new container to its end. */
    public Command.Result run(String reference, List<String> containerCommand) throws IOException {
        return command("run", "--rm", "--net", "host", reference)
                .withArguments(containerCommand)
                .run();
    }

    public void remove(String reference) throws IOException {
        command("rmi", "--force", reference).run();
    }
}
