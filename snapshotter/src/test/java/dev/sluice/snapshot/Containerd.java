package dev.sluice.snapshot;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A containerd of its own, with our socket as the snapshotter {@code sluice}. */
final class Containerd implements AutoCloseable {
    private final Path directory;
    private final Process process;

    Containerd(Path directory, Path snapshotterSocket) throws IOException {
        this.directory = Files.createDirectories(directory);
        Path config = directory.resolve("config.toml");
        Files.writeString(config, """
                version = 2
                root = "%1$s/root"
                state = "%1$s/state"
                disabled_plugins = ["io.containerd.grpc.v1.cri"]
                [grpc]
                  address = "%1$s/socket"
                [ttrpc]
                  address = "%1$s/ttrpc"
                [proxy_plugins.sluice]
                  type = "snapshot"
                  address = "%2$s"
                """.formatted(directory, snapshotterSocket));
        process = new ProcessBuilder("containerd", "--config", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile())
                .start();
        await().atMost(Duration.ofMinutes(1))
                .ignoreExceptions()
                .until(() -> !Programs.run("ctr", "--address", directory + "/socket", "version")
                        .isEmpty());
    }

    /** Runs {@code ctr}. */
    String ctr(String... arguments) throws IOException, InterruptedException {
        return client("ctr", arguments);
    }

    /** Runs {@code ctr-remote}, whose pull tells the snapshotter what each layer is going to be. */
    String ctrRemote(String... arguments) throws IOException, InterruptedException {
        return client("ctr-remote", arguments);
    }

    private String client(String program, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(program, "--address", directory + "/socket"));
        command.addAll(List.of(arguments));
        return Programs.run(command);
    }

    /** Runs a shell command in a container of an image. */
    String shell(String image, String id, String script) throws IOException, InterruptedException {
        return ctr("run", "--rm", "--snapshotter", "sluice", image, id, "/bin/sh", "-c", script);
    }

    /** What containerd wrote to its log. */
    String log() throws IOException {
        return Files.readString(directory.resolve("log"));
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }
}
