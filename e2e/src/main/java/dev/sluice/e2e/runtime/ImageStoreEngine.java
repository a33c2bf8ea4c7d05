package dev.sluice.e2e.runtime;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.Mounts;
import dev.sluice.e2e.host.ServiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A new Docker engine that keeps its images in containerd, with Sluice as its snapshotter, and runs containers on the host's network. */
public final class ImageStoreEngine implements AutoCloseable {

    /** Where containerd keeps what belongs to it. */
    public static final String NAMESPACE = "moby";

    /** Debian's, which can still ask the engine's own BuildKit for builds without a plugin. */
    private static final String DOCKER = "/usr/bin/docker";

    private final Path directory;
    private final ServiceProcess process;

    private ImageStoreEngine(Path directory, ServiceProcess process) {
        this.directory = directory;
        this.process = process;
    }

    /**
     * Starts an engine.
     *
     * @param directory short, since unix sockets lie in it
     * @param dockerd built
     * @param runc built; the engine wants what Debian's cannot
     * @param containerd socket of a containerd 2.x
     */
    public static ImageStoreEngine start(Path directory, Path dockerd, Path runc, Path containerd) throws IOException {
        Files.createDirectories(directory);
        Path configuration =
                Files.writeString(directory.resolve("daemon.json"), "{\"features\":{\"containerd-snapshotter\":true}}");
        List<String> arguments = List.of(
                dockerd.toString(),
                "--config-file=" + configuration,
                "--containerd=" + containerd,
                "--storage-driver=" + SluiceProcess.NAME,
                "--add-runtime=new=" + runc,
                "--default-runtime=new",
                "--iptables=false",
                "--ip6tables=false",
                "--bridge=none",
                "--data-root=" + directory.resolve("data"),
                "--exec-root=" + directory.resolve("exec"),
                "--pidfile=" + directory.resolve("pid"),
                "--host=unix://" + directory.resolve("s"));
        // The oldest version of the API that Debian's client speaks.
        Map<String, String> environment = Map.of("DOCKER_MIN_API_VERSION", "1.24");
        ServiceProcess process = ServiceProcess.start("dockerd", arguments, environment, directory.resolve("log"));
        ImageStoreEngine engine = new ImageStoreEngine(directory, process);
        try {
            process.awaitReady(() -> engine.command("version").runForResult().exitCode() == 0);
        } catch (IOException e) {
            engine.close();
            throw e;
        }
        return engine;
    }

    /** Any {@code docker} command. */
    public Command command(String... arguments) {
        return Command.of(DOCKER, "--host", "unix://" + directory.resolve("s")).withArguments(List.of(arguments));
    }

    /** A {@code docker run} command with its options. This runc knows no seccomp. */
    public Command runCommand(String... arguments) {
        return command("run", "--network", "host", "--security-opt", "seccomp=unconfined")
                .withArguments(List.of(arguments));
    }

    /** Stops the engine, which stops its containers, and unmounts what it leaves behind. */
    @Override
    public void close() throws IOException {
        process.close();
        Mounts.unmountBelow(directory);
    }
}
