package dev.sluice.process;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A program, its arguments and what its environment has besides ours. Immutable.
 *
 * @param executable absolute
 * @param arguments without the name of the program; may be secrets
 * @param environment names and values that are set, besides those that this process has; may be secrets
 */
public record Program(Path executable, List<String> arguments, Map<String, String> environment) {
    public Program {
        requireNonNull(executable, "executable is null");
        arguments = List.copyOf(arguments);
        environment = Map.copyOf(environment);
    }

    /**
     * What came of a run.
     *
     * @param status it ended with
     * @param output what it printed; may be secret. Not to be changed
     */
    public record Outcome(int status, byte[] output) {
        @Override
        public String toString() {
            return "Outcome[status=" + status + ", " + output.length + " bytes]";
        }
    }

    /**
     * Runs it to its end. When this returns, neither it nor any descendant that it still has is running.
     *
     * @param input what it may read
     * @param maxOutput bytes
     * @throws IOException if it cannot be started, takes longer, or prints more; the message is a reason that begins with "it", and quotes
     *     nothing of what it printed
     */
    public Outcome run(byte[] input, int maxOutput, Duration within) throws IOException {
        ProcessBuilder builder = new ProcessBuilder();
        builder.command().add(executable.toString());
        builder.command().addAll(arguments);
        builder.environment().putAll(environment);
        builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        Process process = start(builder);
        try {
            return converse(process, input, maxOutput, within);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private static Process start(ProcessBuilder builder) throws IOException {
        try {
            return builder.start();
        } catch (IOException e) {
            throw new IOException("it cannot be started: " + e.getMessage(), e);
        }
    }

    /** Writes and reads on threads of their own: neither can be ended while some descendant keeps the pipe open. */
    private Outcome converse(Process process, byte[] input, int maxOutput, Duration within) throws IOException {
        Thread writer = new Thread(() -> send(process, input), executable.getFileName() + " input");
        writer.setDaemon(true);
        writer.start();
        FutureTask<byte[]> reading =
                new FutureTask<>(() -> process.getInputStream().readNBytes(maxOutput + 1));
        Thread reader = new Thread(reading, executable.getFileName() + " output");
        reader.setDaemon(true);
        reader.start();
        long end = System.nanoTime() + within.toNanos();
        try {
            byte[] output = reading.get(within.toNanos(), TimeUnit.NANOSECONDS);
            if (output.length > maxOutput) {
                throw new IOException("it printed more than " + maxOutput + " bytes");
            }
            if (!process.waitFor(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                throw late(within);
            }
            return new Outcome(process.exitValue(), output);
        } catch (TimeoutException e) {
            throw late(within);
        } catch (ExecutionException e) {
            throw new IOException("its output could not be read");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("it ran when this thread was interrupted");
        }
    }

    private static void send(Process process, byte[] bytes) {
        try (OutputStream to = process.getOutputStream()) {
            to.write(bytes);
        } catch (IOException e) {
            // A program need not read its input to the end; whether it did its work is told by its status.
            return;
        }
    }

    private static IOException late(Duration within) {
        return new IOException("it did not end within " + within.toMillis() + " ms");
    }

    /** Without arguments and environment. */
    @Override
    public String toString() {
        return executable.toString();
    }
}
