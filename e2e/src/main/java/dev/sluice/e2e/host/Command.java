package dev.sluice.e2e.host;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * A command line to run to its end. Immutable; each {@code with} method returns a changed copy. Thread-safe.
 *
 * @param arguments the program and its arguments
 * @param environment variables set in addition to those of this process
 * @param directory where to run it, or empty for the current directory
 * @param timeout after which the process and its descendants are killed, on a machine of ordinary speed, see {@link Patience}
 */
public record Command(
        List<String> arguments, Map<String, String> environment, Optional<Path> directory, Duration timeout) {

    private static final Duration KILLED = Duration.ofSeconds(10);
    private static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(5);
    private static final long UNSET = -1;

    public Command {
        arguments = List.copyOf(arguments);
        environment = Map.copyOf(environment);
    }

    public static Command of(String... arguments) {
        return of(List.of(arguments));
    }

    public static Command of(List<String> arguments) {
        return new Command(arguments, Map.of(), Optional.empty(), DEFAULT_TIMEOUT);
    }

    public Command with(String name, String value) {
        Map<String, String> changed = new LinkedHashMap<>(environment);
        changed.put(name, value);
        return new Command(arguments, changed, directory, timeout);
    }

    public Command withArguments(List<String> more) {
        List<String> changed = new ArrayList<>(arguments);
        changed.addAll(more);
        return new Command(changed, environment, directory, timeout);
    }

    public Command withDirectory(Path changed) {
        return new Command(arguments, environment, Optional.of(changed), timeout);
    }

    public Command withTimeout(Duration changed) {
        return new Command(arguments, environment, directory, changed);
    }

    /**
     * Runs the command and insists on exit code 0.
     *
     * @throws IOException if it could not be started, took too long or ended with another exit code; the message holds the end of
     *     its error output
     */
    public Result run() throws IOException {
        Result result = runForResult();
        if (result.exitCode() != 0) {
            throw new IOException("Tried to run " + arguments + " but failed because: exit code " + result.exitCode()
                    + ", " + tail(result.stderr().isBlank() ? result.stdout() : result.stderr()));
        }
        return result;
    }

    /**
     * Runs the command and returns whatever exit code it had.
     *
     * @throws IOException if it could not be started or took too long
     */
    public Result runForResult() throws IOException {
        return runForResult(() -> {});
    }

    /**
     * Like {@link #runForResult()}, and tells when the command says something.
     *
     * @param onFirstOutput called once, from another thread, at the first byte on standard output
     */
    public Result runForResult(Runnable onFirstOutput) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(arguments);
        builder.environment().putAll(environment);
        directory.ifPresent(path -> builder.directory(path.toFile()));
        builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
        long start = System.nanoTime();
        Process process = builder.start();
        try {
            AtomicLong firstOutput = new AtomicLong(UNSET);
            CompletableFuture<String> stdout = read(process.getInputStream(), () -> {
                firstOutput.set(System.nanoTime());
                onFirstOutput.run();
            });
            CompletableFuture<String> stderr = read(process.getErrorStream(), () -> {});
            if (!process.waitFor(Patience.of(timeout).toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IOException(
                        "Tried to run " + arguments + " but failed because: not done after " + Patience.of(timeout));
            }
            Duration elapsed = Duration.ofNanos(System.nanoTime() - start);
            String out = stdout.join();
            long first = firstOutput.get();
            return new Result(
                    process.exitValue(),
                    out,
                    stderr.join(),
                    elapsed,
                    first == UNSET ? Optional.empty() : Optional.of(Duration.ofNanos(first - start)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw interrupted(e);
        } finally {
            end(process);
        }
    }

    /** Also its children; what was killed has ended when this returns, unless the kernel cannot end it. */
    private static void end(Process process) {
        List<ProcessHandle> processes = Stream.concat(process.descendants(), Stream.of(process.toHandle()))
                .toList();
        processes.forEach(ProcessHandle::destroyForcibly);
        CompletableFuture.allOf(processes.stream().map(ProcessHandle::onExit).toArray(CompletableFuture[]::new))
                .completeOnTimeout(null, KILLED.toMillis(), TimeUnit.MILLISECONDS)
                .join();
    }

    private IOException interrupted(InterruptedException cause) {
        InterruptedIOException exception =
                new InterruptedIOException("Tried to run " + arguments + " but failed because: interrupted");
        exception.initCause(cause);
        return exception;
    }

    private static CompletableFuture<String> read(InputStream in, Runnable onFirstByte) {
        CompletableFuture<String> text = new CompletableFuture<>();
        Thread reader = new Thread(() -> text.complete(readAll(in, onFirstByte)), "command output");
        reader.setDaemon(true);
        reader.start();
        return text;
    }

    private static String readAll(InputStream in, Runnable onFirstByte) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] buffer = new byte[8192];
        try (in) {
            int length = in.read(buffer);
            while (length >= 0) {
                if (bytes.size() == 0) {
                    onFirstByte.run();
                }
                bytes.write(buffer, 0, length);
                length = in.read(buffer);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private static String tail(String text) {
        String trimmed = text.strip();
        return trimmed.length() <= 2000 ? trimmed : "..." + trimmed.substring(trimmed.length() - 2000);
    }

    /**
     * What a finished command left behind.
     *
     * @param elapsed from the start of the process to its end
     * @param firstOutput from the start of the process to the first byte on its standard output, empty if it wrote none
     */
    public record Result(
            int exitCode, String stdout, String stderr, Duration elapsed, Optional<Duration> firstOutput) {}
}
