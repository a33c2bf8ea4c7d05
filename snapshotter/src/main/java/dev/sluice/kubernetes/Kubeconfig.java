package dev.sluice.kubernetes;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the current context of a kubeconfig file says ({@code Config} of version {@code v1}, as kubectl writes it). What cannot be followed
 * here is refused: proxies, other names in the server's certificate, user names with passwords, {@code auth-provider} and impersonation.
 *
 * @param server URL
 * @param authorities who vouch for the server, PEM
 * @param verify whether the server's certificate is verified
 * @param certificate of the client, PEM
 * @param key of the client, PEM
 * @param token shown to the server
 * @param exec what is run for a token or a certificate
 */
record Kubeconfig(
        String server,
        Optional<Content> authorities,
        boolean verify,
        Optional<Content> certificate,
        Optional<Content> key,
        Optional<Content> token,
        Optional<ExecPlugin> exec) {
    private static final Set<String> EXEC_VERSIONS =
            Set.of("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1");

    Kubeconfig {
        requireNonNull(server, "server is null");
        requireNonNull(authorities, "authorities is null");
        requireNonNull(certificate, "certificate is null");
        requireNonNull(key, "key is null");
        requireNonNull(token, "token is null");
        requireNonNull(exec, "exec is null");
    }

    /**
     * @param directory that relative paths begin at: the file's own
     * @throws IOException if it is malformed, or says what is not followed here; the message is a reason, and quotes no secret
     */
    static Kubeconfig parse(byte[] yaml, Path directory) throws IOException {
        JsonNode root = KubernetesYaml.object(yaml);
        String current = required(root, "current-context", "it has no current-context");
        JsonNode context = named(root, "contexts", "context", current);
        JsonNode cluster = named(
                root, "clusters", "cluster", required(context, "cluster", "its current context names no cluster"));
        Optional<String> userName = text(context, "user");
        JsonNode user = userName.isPresent() ? named(root, "users", "user", userName.get()) : root.path("nothing");
        refuse(cluster, "proxy-url", "tls-server-name");
        refuse(user, "username", "auth-provider", "as", "as-uid", "as-groups");
        Optional<Content> certificate = content(user, "client-certificate", directory);
        Optional<Content> key = content(user, "client-key", directory);
        if (certificate.isPresent() != key.isPresent()) {
            throw new IOException("it has only one of client-certificate and client-key");
        }
        return new Kubeconfig(
                required(cluster, "server", "its cluster has no server"),
                content(cluster, "certificate-authority", directory),
                !cluster.path("insecure-skip-tls-verify").asBoolean(false),
                certificate,
                key,
                token(user, directory),
                user.path("exec").isObject() ? Optional.of(exec(user.path("exec"))) : Optional.empty());
    }

    /** The file is rotated, so it goes before the token itself, as with kubectl. */
    private static Optional<Content> token(JsonNode user, Path directory) throws IOException {
        Optional<String> file = text(user, "tokenFile");
        return file.isPresent()
                ? Optional.of(new Content.InFile(path(directory, file.get())))
                : text(user, "token").map(Content.Inline::new);
    }

    private static ExecPlugin exec(JsonNode exec) throws IOException {
        String version = required(exec, "apiVersion", "its exec plugin has no apiVersion");
        if (!EXEC_VERSIONS.contains(version)) {
            throw new IOException("the version of its exec plugin is not known here");
        }
        List<String> arguments = new ArrayList<>();
        exec.path("args").forEach(argument -> arguments.add(argument.asText("")));
        Map<String, String> environment = new HashMap<>();
        for (JsonNode variable : exec.path("env")) {
            environment.put(
                    required(variable, "name", "a variable of its exec plugin has no name"),
                    variable.path("value").asText(""));
        }
        return new ExecPlugin(
                version, required(exec, "command", "its exec plugin has no command"), arguments, environment);
    }

    private static void refuse(JsonNode object, String... fields) throws IOException {
        for (String field : fields) {
            JsonNode value = object.path(field);
            boolean empty = value.isMissingNode()
                    || value.isNull()
                    || (value.isTextual() && value.asText().isEmpty());
            if (!empty) {
                throw new IOException("it has " + field + ", which is not supported");
            }
        }
    }

    /** The object of a list of pairs of a name and the object. */
    private static JsonNode named(JsonNode root, String list, String kind, String name) throws IOException {
        for (JsonNode pair : root.path(list)) {
            if (pair.path("name").asText("").equals(name) && pair.path(kind).isObject()) {
                return pair.path(kind);
            }
        }
        throw new IOException("it names a " + kind + " that it does not have");
    }

    /** Of a field that may stand in the file, as Base64, or name a file; the first counts. */
    private static Optional<Content> content(JsonNode object, String field, Path directory) throws IOException {
        Optional<String> data = text(object, field + "-data");
        if (data.isPresent()) {
            return Optional.of(new Content.Inline(decode(data.get(), field)));
        }
        Optional<String> file = text(object, field);
        return file.isPresent() ? Optional.of(new Content.InFile(path(directory, file.get()))) : Optional.empty();
    }

    private static String decode(String data, String field) throws IOException {
        try {
            return new String(Base64.getMimeDecoder().decode(data), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            // The exception would quote the secret.
            throw new IOException("its " + field + "-data is not Base64");
        }
    }

    private static Path path(Path directory, String name) throws IOException {
        try {
            return directory.resolve(name);
        } catch (InvalidPathException e) {
            throw new IOException("it names a file that cannot be one");
        }
    }

    private static String required(JsonNode object, String field, String otherwise) throws IOException {
        return text(object, field).orElseThrow(() -> new IOException(otherwise));
    }

    private static Optional<String> text(JsonNode object, String field) {
        return Optional.of(object.path(field).asText("")).filter(value -> !value.isEmpty());
    }
}
