package dev.sluice.e2e.runtime;

import dev.sluice.e2e.host.Poll;
import dev.sluice.e2e.host.ServiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A private containerd. Its state, sockets and configuration lie below one directory. */
public final class ContainerdProcess implements AutoCloseable {

    private final Path directory;
    private final ContainerdBinaries binaries;
    private final List<String> arguments;
    private ServiceProcess process;

    private ContainerdProcess(
            Path directory, ContainerdBinaries binaries, List<String> arguments, ServiceProcess process) {
        this.directory = directory;
        this.binaries = binaries;
        this.arguments = List.copyOf(arguments);
        this.process = process;
    }

    /**
     * Starts containerd and waits until it answers.
     *
     * @param directory short, since unix sockets lie in it
     */
    public static ContainerdProcess start(Path directory, ContainerdBinaries binaries, ContainerdConfig config)
            throws IOException {
        Files.createDirectories(directory);
        Files.writeString(configFile(directory), config.toToml(directory));
        return start(
                directory, binaries, List.of("--config", configFile(directory).toString()));
    }

    /**
     * Starts containerd and waits until it answers.
     *
     * @param directory short; has to be where the arguments have it keep its log and its socket {@code s}
     * @param arguments of its command line
     */
    public static ContainerdProcess start(Path directory, ContainerdBinaries binaries, List<String> arguments)
            throws IOException {
        ContainerdProcess containerd =
                new ContainerdProcess(directory, binaries, arguments, launch(directory, binaries, arguments));
        try {
            containerd.awaitReady();
        } catch (IOException e) {
            containerd.close();
            throw e;
        }
        return containerd;
    }

    private static Path configFile(Path directory) {
        return directory.resolve("config.toml");
    }

    private static ServiceProcess launch(Path directory, ContainerdBinaries binaries, List<String> arguments)
            throws IOException {
        List<String> commandLine = new ArrayList<>(List.of(binaries.containerd()));
        commandLine.addAll(arguments);
        return ServiceProcess.start(
                "containerd", commandLine, Map.of("PATH", binaries.searchPath()), directory.resolve("log"));
    }

    private void awaitReady() throws IOException {
        process.awaitReady(() -> Files.exists(socket())
                && client().command("version").runForResult().exitCode() == 0);
    }

    /** The socket of its gRPC API. */
    public Path socket() {
        return directory.resolve("s");
    }

    /** Where it says what goes wrong. */
    public Path log() {
        return process.log();
    }

    /** Commands against this containerd, in the namespace {@code default}. */
    public ContainerdClient client() {
        return new ContainerdClient(socket(), binaries);
    }

    public long pid() {
        return process.pid();
    }

    /** Ends containerd at once; its containers run on. */
    public void kill() throws IOException {
        process.kill();
    }

    /** Starts containerd again, on the same state, after {@link #kill()}. */
    public void restart() throws IOException {
        process.close();
        process = launch(directory, binaries, arguments);
        awaitReady();
    }

    /** Kills all containers with their shims, and stops containerd. */
    @Override
    public void close() throws IOException {
        try {
            if (process.isAlive()) {
                client().removeContainers();
            }
        } finally {
            killShims();
            process.close();
        }
    }

    /** Shims are nobody's children; ours are those that were told the path of our socket. */
    private void killShims() throws IOException {
        List<ProcessHandle> shims;
        try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
            shims = all.filter(this::isOurShim).toList();
        }
        for (ProcessHandle shim : shims) {
            List<ProcessHandle> containers = shim.descendants()
                    .sorted(Comparator.comparingLong(ProcessHandle::pid).reversed())
                    .toList();
            containers.forEach(ProcessHandle::destroyForcibly);
            shim.destroyForcibly();
            Poll.until(Duration.ofSeconds(5), () -> !shim.isAlive());
        }
    }

    private boolean isOurShim(ProcessHandle handle) {
        Path commandLine = Path.of("/proc", Long.toString(handle.pid()), "cmdline");
        try {
            String arguments = Files.readString(commandLine, java.nio.charset.StandardCharsets.ISO_8859_1);
            return arguments.contains("containerd-shim") && arguments.contains(socket() + "\0");
        } catch (IOException ended) {
            return false;
        }
    }
}
