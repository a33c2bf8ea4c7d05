package dev.sluice.e2e.runtime;

import dev.sluice.e2e.host.Command;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The commands {@code ctr} and {@code ctr-remote} against one containerd. Immutable. */
public final class ContainerdClient {

    /** Snapshotter of the ordinary way. */
    public static final String OVERLAYFS = "overlayfs";

    private static final Duration LONG = Duration.ofMinutes(15);

    private final Path socket;
    private final ContainerdBinaries binaries;

    ContainerdClient(Path socket, ContainerdBinaries binaries) {
        this.socket = socket;
        this.binaries = binaries;
    }

    private static final String VIEW = "view";

    /** Any {@code ctr} command. */
    public Command command(String... arguments) {
        return program(binaries.ctr(), List.of(arguments));
    }

    /** Any command of {@code ctr-remote}, which knows remote snapshotters and eStargz. */
    public Command remoteCommand(String... arguments) {
        return program("ctr-remote", List.of(arguments));
    }

    private Command program(String program, List<String> arguments) {
        return Command.of(program, "--address", socket.toString())
                .withArguments(arguments)
                .withTimeout(LONG);
    }

    /** Pulls over plain HTTP, as an ordinary client does. */
    public Command.Result pull(String reference, String snapshotter) throws IOException {
        return command("images", "pull", "--plain-http", "--snapshotter", snapshotter, reference)
                .run();
    }

    /** Pulls over plain HTTP with the labels that tell a remote snapshotter which image it is about. */
    public Command.Result pullLazily(String reference, String snapshotter) throws IOException {
        return remoteCommand("images", "rpull", "--plain-http", "--snapshotter", snapshotter, reference)
                .run();
    }

    /** Mounts a pulled image read-only. */
    public void mount(String reference, String snapshotter, Path target) throws IOException {
        command("images", "mount", "--snapshotter", snapshotter, reference, target.toString())
                .run();
    }

    /** The opposite of {@link #mount}. */
    public void unmount(String snapshotter, Path target) throws IOException {
        command("images", "unmount", "--rm", "--snapshotter", snapshotter, target.toString())
                .run();
    }

    /**
     * Mounts the only image that a snapshotter has, read-only. {@link #mount} of containerd 1.6 unpacks into the default
     * snapshotter first, which takes blobs that a lazy pull left where they were.
     */
    public void mountOnly(String snapshotter, Path target) throws IOException {
        List<String[]> snapshots = lines(command("snapshots", "--snapshotter", snapshotter, "ls")).stream()
                .map(line -> line.strip().split("\\s+", -1))
                .toList();
        List<String> parents = snapshots.stream().map(columns -> columns[1]).toList();
        String top = snapshots.stream()
                .map(columns -> columns[0])
                .filter(key -> key.startsWith("sha256:") && !parents.contains(key))
                .findFirst()
                .orElseThrow(() -> new IOException("snapshotter " + snapshotter + " has no image"));
        command("snapshots", "--snapshotter", snapshotter, "view", VIEW, top).run();
        String mount = command("snapshots", "--snapshotter", snapshotter, "mounts", target.toString(), VIEW)
                .run()
                .stdout();
        Command.of("sh", "-c", mount).run();
    }

    /** The opposite of {@link #mountOnly}. */
    public void unmountOnly(String snapshotter, Path target) throws IOException {
        Command.of("umount", target.toString()).run();
        // Nothing refers to the view, so containerd's garbage collection may have been faster.
        command("snapshots", "--snapshotter", snapshotter, "rm", VIEW).runForResult();
    }

    /** Runs a command in a new container to its end. */
    public Command.Result run(String reference, String snapshotter, String id, List<String> containerCommand)
            throws IOException {
        return runCommand(reference, snapshotter, id, containerCommand).run();
    }

    /** The command that runs a command in a new container and removes it afterwards. */
    public Command runCommand(String reference, String snapshotter, String id, List<String> containerCommand) {
        return command("run", "--rm", "--snapshotter", snapshotter, reference, id)
                .withArguments(containerCommand);
    }

    /** Kills and removes all containers. */
    public void removeContainers() throws IOException {
        for (String id : lines(command("tasks", "ls", "-q"))) {
            command("tasks", "rm", "--force", id).runForResult();
        }
        for (String id : lines(command("containers", "ls", "-q"))) {
            command("containers", "rm", id).runForResult();
        }
    }

    private static List<String> lines(Command command) throws IOException {
        return new ArrayList<>(
                command.run().stdout().lines().filter(line -> !line.isBlank()).toList());
    }
}
