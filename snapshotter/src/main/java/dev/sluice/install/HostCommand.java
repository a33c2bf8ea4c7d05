package dev.sluice.install;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A program of a host, run on its root directory.
 *
 * @param timeout for it to end
 */
record HostCommand(Host host, Duration timeout) {
    /**
     * Runs it to its end.
     *
     * @return its standard output
     * @throws IOException if it cannot be run, fails or takes too long; the message has the last line that it has said
     */
    String run(List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>();
        if (!host.isHere()) {
            command.addAll(List.of("chroot", host.root().toString()));
        }
        command.addAll(arguments);
        Process process = new ProcessBuilder(command)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .start();
        try {
            CompletableFuture<String> errors = CompletableFuture.supplyAsync(() -> read(process.getErrorStream()));
            CompletableFuture<String> output = CompletableFuture.supplyAsync(() -> read(process.getInputStream()));
            if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IOException(failed(command) + "it took longer than " + timeout.toSeconds() + " seconds");
            }
            if (process.exitValue() != 0) {
                String[] lines = errors.join().strip().split("\n", -1);
                throw new IOException(failed(command) + lines[lines.length - 1]);
            }
            return output.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            InterruptedIOException interrupted = new InterruptedIOException(failed(command) + "interrupted");
            interrupted.initCause(e);
            throw interrupted;
        } finally {
            process.destroyForcibly();
        }
    }

    private static String read(InputStream in) {
        try (in) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    private static String failed(List<String> command) {
        return "Tried to run `" + String.join(" ", command) + "` but failed because: ";
    }
}
