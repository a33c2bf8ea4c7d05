package dev.sluice.ondemand.keeper;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** {@code e2e/tools/fd-holder} with a {@link KeeperClient} beneath it. */
final class FdHolder implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final ClientProcess client;
    private final Path log;

    private FdHolder(ClientProcess client, Path log) {
        this.client = client;
        this.log = log;
    }

    /** @param log what the holder says goes there */
    static FdHolder start(Path log) throws IOException {
        Path holder = Path.of("..", "e2e", "tools", "fd-holder").toRealPath();
        return new FdHolder(ClientProcess.start(List.of(holder.toString()), List.of(), log), log);
    }

    /** Has the client do something; returns what it says, or {@code died}. */
    String run(String command) throws IOException {
        return client.run(command);
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
            new ProcessBuilder(
                            "kill", "-" + name, Long.toString(client.process().pid()))
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
        client.process().onExit().join();
    }
}
