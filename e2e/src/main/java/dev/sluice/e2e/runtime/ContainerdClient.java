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
    private final String namespace;

    ContainerdClient(Path socket, ContainerdBinaries binaries) {
        this(socket, binaries, "default");
    }

    private ContainerdClient(Path socket, ContainerdBinaries binaries, String namespace) {
        this.socket = socket;
        this.binaries = binaries;
        this.namespace = namespace;
    }

    /** The same commands in another of containerd's namespaces. */
    public ContainerdClient inNamespace(String name) {
        return new ContainerdClient(socket, binaries, name);
    }

    /** Any {@code ctr} command. */
    public Command command(String... arguments) {
        return program(binaries.ctr(), List.of(arguments));
    }

    /** Any command of {@code ctr-remote}, which knows remote snapshotters and eStargz. */
    public Command remoteCommand(String... arguments) {
        return program("ctr-remote", List.of(arguments));
    }

    /** Any command of another client that takes {@code --address} and {@code --namespace} as {@code ctr} does. */
    public Command otherCommand(Path program, String... arguments) {
        return program(program.toString(), List.of(arguments));
    }

    private Command program(String program, List<String> arguments) {
        return Command.of(program, "--address", socket.toString(), "--namespace", namespace)
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

    /**
     * Mounts layers that a pull has left in a snapshotter, read-only. {@code ctr images mount} of containerd 1.6 would not do: it
     * takes the default snapshotter, whichever is asked for.
     *
     * @param chainId of the topmost layer
     * @param target an existing directory
     */
    public MountedView view(String snapshotter, String chainId, Path target) throws IOException {
        return MountedView.mount(this, snapshotter, chainId, target);
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

    /** Keys of the snapshots that a namespace has. */
    public List<String> snapshots(String namespace, String snapshotter) throws IOException {
        return lines(command("--namespace", namespace, "snapshots", "--snapshotter", snapshotter, "ls")).stream()
                .skip(1)
                .map(line -> line.strip().split("\\s+", -1)[0])
                .toList();
    }

    /** Digests of the blobs that a namespace has. */
    public List<String> content(String namespace) throws IOException {
        return lines(command("--namespace", namespace, "content", "ls", "--quiet"));
    }

    private static List<String> lines(Command command) throws IOException {
        return new ArrayList<>(
                command.run().stdout().lines().filter(line -> !line.isBlank()).toList());
    }
}
