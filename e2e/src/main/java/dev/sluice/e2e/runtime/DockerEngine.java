package dev.sluice.e2e.runtime;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.Mounts;
import dev.sluice.e2e.host.ServiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Debian's Docker engine on private paths, without a network of its own: containers use the host's. */
public final class DockerEngine implements AutoCloseable {

    private final Path directory;
    private final ServiceProcess process;

    private DockerEngine(Path directory, ServiceProcess process) {
        this.directory = directory;
        this.process = process;
    }

    /**
     * Starts an engine and the containerd that belongs to it.
     *
     * @param directory short, since unix sockets lie in it
     */
    public static DockerEngine start(Path directory) throws IOException {
        Files.createDirectories(directory);
        List<String> arguments = List.of(
                "dockerd",
                "--iptables=false",
                "--ip6tables=false",
                "--bridge=none",
                "--data-root=" + directory.resolve("data"),
                "--exec-root=" + directory.resolve("exec"),
                "--pidfile=" + directory.resolve("pid"),
                "--host=unix://" + directory.resolve("s"));
        ServiceProcess process = ServiceProcess.start("dockerd", arguments, Map.of(), directory.resolve("log"));
        DockerEngine engine = new DockerEngine(directory, process);
        try {
            process.awaitReady(() -> Command.of("docker", "--host", engine.host(), "version")
                            .runForResult()
                            .exitCode()
                    == 0);
        } catch (IOException e) {
            engine.close();
            throw e;
        }
        return engine;
    }

    /** Address of its API, as {@code DOCKER_HOST} has it. */
    public String host() {
        return "unix://" + directory.resolve("s");
    }

    /** Takes an image from an OCI layout. */
    public void load(Path layout, String tag, String reference) throws IOException {
        Command.of(
                        "skopeo",
                        "--insecure-policy",
                        "copy",
                        "--quiet",
                        "--dest-daemon-host",
                        host(),
                        "oci:" + layout + ":" + tag,
                        "docker-daemon:" + reference)
                .run();
    }

    /** Stops the engine, which stops its containers, and unmounts what it leaves behind. */
    @Override
    public void close() throws IOException {
        process.close();
        Mounts.unmountBelow(directory);
    }
}
