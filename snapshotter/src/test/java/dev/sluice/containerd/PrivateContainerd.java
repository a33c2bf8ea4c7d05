package dev.sluice.containerd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A containerd of our own, with everything it has in one directory. It collects garbage only when told to. */
public final class PrivateContainerd implements AutoCloseable {
    private final Path directory;
    private @Nullable Process process;

    private PrivateContainerd(Path directory) {
        this.directory = directory;
    }

    /**
     * Prepares one; {@link #start} runs it.
     *
     * @param moreConfiguration TOML that is put at the end of its configuration
     */
    public static PrivateContainerd in(Path directory, String... moreConfiguration) throws IOException {
        assumeTrue("root".equals(System.getProperty("user.name")), "containerd needs root");
        assumeInstalled("containerd");
        assumeInstalled("ctr");
        PrivateContainerd containerd = new PrivateContainerd(directory);
        Files.writeString(
                directory.resolve("config.toml"), """
                version = 2
                root = "%1$s/root"
                state = "%1$s/state"
                disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
                [grpc]
                  address = "%1$s/c.sock"
                [plugins."io.containerd.gc.v1.scheduler"]
                  schedule_delay = "24h"
                  startup_delay = "24h"
                  deletion_threshold = 0
                  mutation_threshold = 1000000
                """.formatted(directory) + String.join("\n", moreConfiguration));
        return containerd;
    }

    /** Skips the test, with the reason, where a program is missing. */
    public static void assumeInstalled(String program) {
        boolean installed = Arrays.stream(
                        System.getenv().getOrDefault("PATH", "").split(":"))
                .anyMatch(path -> Files.isExecutable(Path.of(path, program)));
        assumeTrue(installed, program + " is not installed");
    }

    public Path socket() {
        return directory.resolve("c.sock");
    }

    /** Where it keeps a blob. */
    public Path blob(String digest) {
        return directory.resolve("root/io.containerd.content.v1.content/blobs").resolve(digest.replace(':', '/'));
    }

    /** Starts it, again if it was stopped, and waits until it answers. */
    public PrivateContainerd start() throws IOException {
        Process started = new ProcessBuilder(
                        "containerd",
                        "--config",
                        directory.resolve("config.toml").toString(),
                        "--log-level",
                        "warn")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("log").toFile()))
                .start();
        process = started;
        await().atMost(Duration.ofMinutes(1)).until(() -> {
            if (!started.isAlive()) {
                throw new IOException("containerd ended: " + Files.readString(directory.resolve("log")));
            }
            return run("", List.of("ctr", "-a", socket().toString(), "version")).status() == 0;
        });
        return this;
    }

    /** Ends it and waits for that. */
    public void stop() throws InterruptedException {
        if (process != null) {
            process.destroy();
            process.waitFor();
            process = null;
        }
    }

    /** Runs {@code ctr}, which must succeed. */
    public String ctr(String namespace, String... args) throws IOException {
        return ctrWithInput(namespace, "", args);
    }

    /** Runs {@code ctr}, which must succeed, with some input. */
    public String ctrWithInput(String namespace, String input, String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of("ctr", "-a", socket().toString(), "-n", namespace));
        command.addAll(List.of(args));
        Output output = run(input, command);
        assertThat(output.status()).as(() -> command + ": " + output.text()).isZero();
        return output.text();
    }

    /** Runs a command to its end. */
    public static Output run(String input, List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (var in = process.getOutputStream()) {
            in.write(input.getBytes(StandardCharsets.UTF_8));
        }
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            assertThat(process.waitFor(1, TimeUnit.MINUTES))
                    .as(() -> command + " hangs")
                    .isTrue();
        } catch (InterruptedException e) {
            throw new IOException("interrupted", e);
        }
        return new Output(process.exitValue(), text);
    }

    @Override
    public void close() throws InterruptedException {
        stop();
    }

    /** @param status 0 for success */
    public record Output(int status, String text) {}
}
