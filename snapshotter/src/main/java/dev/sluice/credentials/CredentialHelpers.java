package dev.sluice.credentials;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.registry.Credentials;
import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Runs Docker's credential helpers: {@code docker-credential-NAME get}, the address of a registry on its input, JSON on its
 * output. Time and output are bounded. Safe for use by many threads.
 */
public final class CredentialHelpers {
    private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}");
    private static final int MAX_OUTPUT = 64 << 10;
    /** What helpers print when they know nothing; part of their protocol. */
    private static final String NOT_FOUND = "credentials not found in native keychain";
    /** What helpers give as the user name of an identity token; part of their protocol. */
    private static final String TOKEN_USER = "<token>";

    private final List<Path> searchPath;
    private final Duration timeout;

    /**
     * @param searchPath directories in which helpers are looked for
     * @param timeout for one run
     */
    public CredentialHelpers(List<Path> searchPath, Duration timeout) {
        this.searchPath = List.copyOf(searchPath);
        this.timeout = requireNonNull(timeout, "timeout is null");
    }

    /** @param searchPath directories separated by colons, as {@code PATH} has them; relative ones are left out */
    public static CredentialHelpers on(String searchPath, Duration timeout) {
        List<Path> directories = Stream.of(searchPath.split(File.pathSeparator, -1))
                .map(Path::of)
                .filter(Path::isAbsolute)
                .toList();
        return new CredentialHelpers(directories, timeout);
    }

    /**
     * Asks a helper.
     *
     * @param name without {@code docker-credential-}
     * @return empty if the helper knows nothing about the server
     * @throws IOException if there is no such helper, or it fails, or takes too long or prints too much; what it printed is not
     *     repeated
     */
    public Optional<Credentials> get(String name, String server) throws IOException {
        String program = "docker-credential-" + name;
        if (!NAME.matcher(name).matches()) {
            throw new IOException("the name of a credential helper has characters that it must not have");
        }
        Path executable = searchPath.stream()
                .map(directory -> directory.resolve(program))
                .filter(file -> Files.isExecutable(file) && !Files.isDirectory(file))
                .findFirst()
                .orElseThrow(() -> failed(program, server, "it was not found on the search path"));
        Process process = new ProcessBuilder(executable.toString(), "get")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            send(process, server);
            byte[] output = receive(process, program, server);
            return parse(process.exitValue(), output, program, server);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private static void send(Process process, String server) {
        try (OutputStream input = process.getOutputStream()) {
            input.write(server.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // A helper need not read its input to the end; whether it did its work is told by its status.
            return;
        }
    }

    /** Reads on a thread of its own, because a read cannot be ended while some descendant keeps the pipe open. */
    private byte[] receive(Process process, String program, String server) throws IOException {
        FutureTask<byte[]> reading =
                new FutureTask<>(() -> process.getInputStream().readNBytes(MAX_OUTPUT + 1));
        Thread reader = new Thread(reading, program);
        reader.setDaemon(true);
        reader.start();
        long end = System.nanoTime() + timeout.toNanos();
        try {
            byte[] output = reading.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
            if (output.length > MAX_OUTPUT) {
                throw failed(program, server, "it printed more than " + MAX_OUTPUT + " bytes");
            }
            if (!process.waitFor(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                throw late(program, server);
            }
            return output;
        } catch (TimeoutException e) {
            throw late(program, server);
        } catch (ExecutionException e) {
            throw failed(program, server, "its output could not be read");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while " + program + " ran");
        }
    }

    private IOException late(String program, String server) {
        return failed(program, server, "it did not end within " + timeout.toMillis() + " ms");
    }

    private static Optional<Credentials> parse(int status, byte[] output, String program, String server)
            throws IOException {
        if (status != 0) {
            if (new String(output, StandardCharsets.UTF_8).strip().equals(NOT_FOUND)) {
                return Optional.empty();
            }
            throw failed(program, server, "it ended with status " + status);
        }
        JsonNode answer = DockerConfig.object(output)
                .orElseThrow(() -> failed(program, server, "its output is not a JSON object"));
        String username = answer.path("Username").asText("");
        String secret = answer.path("Secret").asText("");
        if (secret.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                username.equals(TOKEN_USER)
                        ? new Credentials.IdentityToken(secret)
                        : new Credentials.Basic(username, secret));
    }

    private static IOException failed(String program, String server, String reason) {
        return new IOException("Tried to ask " + program + " about " + server + " but failed because: " + reason);
    }
}
