package dev.sluice.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.process.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Runs the exec plugins of kubeconfig files ({@code ExecCredential} of {@code client.authentication.k8s.io}), and keeps what they say
 * until shortly before it expires. Safe for use by many threads; one plugin runs at a time.
 */
final class ExecCredentials {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final Duration MARGIN = Duration.ofSeconds(30);
    /** Of what does not say when it expires. */
    private static final Duration LIFETIME = Duration.ofMinutes(1);

    private static final int MAX_OUTPUT = 1 << 20;

    private final List<Path> searchPath;
    private final Clock clock;
    private final Map<ExecPlugin, Answer> answers = new HashMap<>();

    /**
     * @param token secret
     * @param until when the plugin is asked again
     */
    record Answer(Optional<String> token, Optional<Connection.ClientPair> client, Instant until) {
        @Override
        public String toString() {
            return "Answer[until=" + until + "]";
        }
    }

    ExecCredentials(List<Path> searchPath, Clock clock) {
        this.searchPath = List.copyOf(searchPath);
        this.clock = clock;
    }

    static ExecCredentials onSearchPath() {
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("/usr/bin:/bin");
        return new ExecCredentials(
                Arrays.stream(path.split(":", -1))
                        .map(Path::of)
                        .filter(Path::isAbsolute)
                        .toList(),
                Clock.systemUTC());
    }

    /** @throws IOException if it cannot be run, fails, or answers with something else; nothing of its answer is repeated */
    synchronized Answer ask(ExecPlugin plugin) throws IOException {
        Instant now = clock.instant();
        Answer known = answers.get(plugin);
        if (known != null && now.isBefore(known.until)) {
            return known;
        }
        try {
            Program.Outcome outcome = new Program(executable(plugin), plugin.arguments(), environment(plugin))
                    .run(new byte[0], MAX_OUTPUT, TIMEOUT);
            if (outcome.status() != 0) {
                throw new IOException("it ended with status " + outcome.status());
            }
            Answer answer = parse(outcome.output(), plugin.version(), now);
            answers.clear();
            answers.put(plugin, answer);
            return answer;
        } catch (IOException e) {
            throw new IOException(
                    "Tried to run the exec plugin " + plugin.command() + " of the kubeconfig but failed because: "
                            + e.getMessage(),
                    e);
        }
    }

    private Path executable(ExecPlugin plugin) throws IOException {
        Path command = Path.of(plugin.command());
        return (command.isAbsolute() ? Stream.of(command) : searchPath.stream().map(d -> d.resolve(command)))
                .filter(file -> Files.isExecutable(file) && !Files.isDirectory(file))
                .findFirst()
                .orElseThrow(() -> new IOException("it was not found"));
    }

    private static Map<String, String> environment(ExecPlugin plugin) {
        ObjectNode info = JsonNodeFactory.instance.objectNode();
        info.put("apiVersion", plugin.version()).put("kind", "ExecCredential");
        info.putObject("spec").put("interactive", false);
        Map<String, String> environment = new HashMap<>(plugin.environment());
        environment.put("KUBERNETES_EXEC_INFO", info.toString());
        return environment;
    }

    /** @param output what the plugin printed: JSON */
    static Answer parse(byte[] output, String version, Instant now) throws IOException {
        JsonNode root;
        try {
            root = KubernetesYaml.object(output);
        } catch (IOException e) {
            throw new IOException("what it printed is no ExecCredential");
        }
        if (!root.path("kind").asText("").equals("ExecCredential")
                || !root.path("apiVersion").asText("").equals(version)) {
            throw new IOException("what it printed is no ExecCredential of this version");
        }
        JsonNode status = root.path("status");
        String token = status.path("token").asText("");
        String certificate = status.path("clientCertificateData").asText("");
        String key = status.path("clientKeyData").asText("");
        if (token.isEmpty() && (certificate.isEmpty() || key.isEmpty())) {
            throw new IOException("it gave neither a token nor a certificate with its key");
        }
        return new Answer(
                token.isEmpty() ? Optional.empty() : Optional.of(token),
                certificate.isEmpty() || key.isEmpty()
                        ? Optional.empty()
                        : Optional.of(new Connection.ClientPair(certificate, key)),
                until(status.path("expirationTimestamp").asText(""), now));
    }

    private static Instant until(String expiration, Instant now) {
        try {
            return Instant.parse(expiration).minus(MARGIN);
        } catch (DateTimeException e) {
            return now.plus(LIFETIME);
        }
    }
}
