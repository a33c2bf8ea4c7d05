package dev.sluice.credentials;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.process.Program;
import dev.sluice.registry.Credentials;
import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
        if (!isName(name)) {
            throw new IOException("the name of a credential helper has characters that it must not have");
        }
        Path executable = find(name).orElseThrow(() -> failed(program, server, "it was not found on the search path"));
        Program.Outcome outcome;
        try {
            outcome = new Program(executable, List.of("get"), Map.of())
                    .run(server.getBytes(StandardCharsets.UTF_8), MAX_OUTPUT, timeout);
        } catch (InterruptedIOException e) {
            throw e;
        } catch (IOException e) {
            throw failed(program, server, String.valueOf(e.getMessage()));
        }
        return parse(outcome.status(), outcome.output(), program, server);
    }

    static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }

    /** The program of a helper. */
    Optional<Path> find(String name) {
        return searchPath.stream()
                .map(directory -> directory.resolve("docker-credential-" + name))
                .filter(file -> Files.isExecutable(file) && !Files.isDirectory(file))
                .findFirst();
    }

    static Optional<Credentials> parse(int status, byte[] output, String program, String server) throws IOException {
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
