package dev.sluice.e2e.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A process that runs until it is stopped. It has a session of its own, so that Ctrl-C in a terminal reaches the harness alone,
 * which then stops everything in order.
 */
public final class ServiceProcess implements AutoCloseable {

    private static final Duration READY = Duration.ofMinutes(3);
    private static final Duration STOP = Duration.ofSeconds(20);

    private final String name;
    private final Process process;
    private final Path log;

    private ServiceProcess(String name, Process process, Path log) {
        this.name = name;
        this.process = process;
        this.log = log;
    }

    /**
     * Starts a program; both of its outputs are appended to {@code log}.
     *
     * @param name how error messages call it
     */
    public static ServiceProcess start(String name, List<String> arguments, Map<String, String> environment, Path log)
            throws IOException {
        List<String> commandLine = new ArrayList<>(List.of("setsid"));
        commandLine.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(commandLine);
        builder.environment().putAll(environment);
        builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
        builder.redirectErrorStream(true);
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        return new ServiceProcess(name, builder.start(), log);
    }

    /**
     * Waits until the condition holds.
     *
     * @throws IOException if the process ended before or took too long; the message holds the end of its log
     */
    public void awaitReady(Poll.Condition condition) throws IOException {
        boolean ready = Poll.until(READY, () -> !process.isAlive() || condition.holds());
        if (!ready || !process.isAlive()) {
            String reason =
                    process.isAlive() ? "not ready after " + Patience.of(READY) : "exit code " + process.exitValue();
            throw new IOException("Tried to start " + name + " but failed because: " + reason + "\n" + logTail());
        }
    }

    /**
     * Waits until the process has ended by itself.
     *
     * @return its exit code; 128 and the signal's number if a signal ended it
     * @throws IOException if it took too long
     */
    public int awaitExit() throws IOException {
        if (!Poll.until(READY, () -> !process.isAlive())) {
            throw new IOException("Tried to see " + name + " end but failed because: still running after "
                    + Patience.of(READY) + "\n" + logTail());
        }
        return process.exitValue();
    }

    /** Asks the process to end (SIGTERM) and does not wait. */
    public void terminate() {
        process.destroy();
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public Path log() {
        return log;
    }

    /** Ends the process at once (SIGKILL) and waits for its end. */
    public void kill() throws IOException {
        process.destroyForcibly();
        awaitEnd();
    }

    /**
     * Asks the process to end (SIGTERM) and waits; kills it if it does not follow.
     *
     * @throws IOException if it had to be killed
     */
    @Override
    public void close() throws IOException {
        if (!process.isAlive()) {
            return;
        }
        process.destroy();
        if (!awaitEnd()) {
            process.destroyForcibly();
            awaitEnd();
            throw new IOException(
                    "Tried to stop " + name + " but failed because: still running after " + Patience.of(STOP));
        }
    }

    private boolean awaitEnd() throws IOException {
        try {
            return process.waitFor(Patience.of(STOP).toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Tried to stop " + name + " but failed because: interrupted", e);
        }
    }

    private String logTail() throws IOException {
        List<String> lines = new String(Files.readAllBytes(log), StandardCharsets.UTF_8)
                .lines()
                .toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 15), lines.size()));
    }
}
