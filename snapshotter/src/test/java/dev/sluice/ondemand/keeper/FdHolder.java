package dev.sluice.ondemand.keeper;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/** {@code e2e/tools/fd-holder} with a {@link KeeperClient} beneath it. */
final class FdHolder implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final Process process;
    private final Path log;
    private final PrintStream commands;
    private final BufferedReader results;

    private FdHolder(Process process, Path log) {
        this.process = process;
        this.log = log;
        this.commands = new PrintStream(process.getOutputStream(), true, UTF_8);
        this.results = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
    }

    /** @param log what the holder says goes there */
    static FdHolder start(Path log) throws IOException {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        Process process = new ProcessBuilder(
                        Path.of("..", "e2e", "tools", "fd-holder").toRealPath().toString(),
                        java.toString(),
                        "-XX:+IgnoreUnrecognizedVMOptions",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Xshare:auto",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        KeeperClient.class.getName())
                .redirectError(log.toFile())
                .start();
        return new FdHolder(process, log);
    }

    /** Has the client do something; returns what it says. */
    String run(String command) throws IOException {
        commands.println(command);
        return Objects.requireNonNull(results.readLine(), "the client is gone");
    }

    /** As {@code kill -9} and a start by hand. */
    void killAndStartAgain() throws IOException {
        int ended = said("ended").size();
        ProcessHandle.of(clientPid()).orElseThrow().destroyForcibly();
        await().atMost(PATIENCE).until(() -> said("ended").size() > ended);
        signal("USR2");
    }

    void signal(String name) throws IOException {
        try {
            new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** The lines of its log that begin with a word. */
    List<String> said(String... words) throws IOException {
        return Files.readAllLines(log).stream()
                .filter(line -> line.startsWith("fd-holder: "))
                .map(line -> line.substring("fd-holder: ".length()))
                .filter(line -> List.of(words).contains(line.split(" ", -1)[0]))
                .toList();
    }

    private long clientPid() throws IOException {
        List<String> started = said("started");
        return Long.parseLong(started.get(started.size() - 1).split(" ", -1)[1]);
    }

    @Override
    public void close() throws IOException {
        signal("TERM");
        process.onExit().join();
    }
}
