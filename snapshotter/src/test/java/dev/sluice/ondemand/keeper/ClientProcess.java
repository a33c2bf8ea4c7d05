package dev.sluice.ondemand.keeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** A {@link KeeperClient}, or what runs one and leaves it its standard input and output. */
record ClientProcess(Process process, PrintStream commands, BufferedReader results) implements AutoCloseable {
    /**
     * Starts it.
     *
     * @param before the command line in front of Java's; may be empty
     * @param arguments of the client
     * @param log where its standard error goes
     */
    static ClientProcess start(List<String> before, List<String> arguments, Path log) throws IOException {
        List<String> command = new ArrayList<>(before);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+IgnoreUnrecognizedVMOptions",
                "--enable-native-access=ALL-UNNAMED",
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                KeeperClient.class.getName()));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        return new ClientProcess(
                process,
                new PrintStream(process.getOutputStream(), true, UTF_8),
                new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8)));
    }

    /** Has the client do something; returns what it says, or {@code died}. */
    String run(String command) throws IOException {
        commands.println(command);
        return Objects.requireNonNullElse(results.readLine(), "died");
    }

    /** As {@code kill -9}. */
    void kill() {
        process.destroyForcibly().onExit().join();
    }

    @Override
    public void close() {
        kill();
    }
}
