package dev.sluice.credentials;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.registry.Credentials;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What {@code config.json} says about registries. Its keys name a registry as a host, or as a URL with one of the paths that Docker
 * has used. A key with another path is about the repositories below it, and the longest that fits counts, as podman has it; if it is a
 * URL, Docker takes it for the whole registry, and so is it taken here where no other key fits.
 *
 * @param auths credentials by host
 * @param helpers names of credential helpers by host
 * @param store the credential helper for all other hosts
 */
record DockerConfig(Map<String, List<Entry>> auths, Map<String, String> helpers, Optional<String> store) {
    static final DockerConfig EMPTY = new DockerConfig(Map.of(), Map.of(), Optional.empty());

    private static final String DOCKER_HOST = "docker.io";
    private static final String DOCKER_KEY = "https://index.docker.io/v1/";
    private static final Set<String> DOCKER_ALIASES = Set.of("index.docker.io", "registry-1.docker.io");
    private static final Pattern SLASHES_AROUND = Pattern.compile("^/+|/+$");
    private static final Set<String> PATHS = Set.of("", "/", "/v1", "/v1/", "/v2", "/v2/");

    /** The parser must not quote what it read in its messages. */
    private static final ObjectReader READER = JsonMapper.builder()
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .build()
            .readerFor(JsonNode.class);

    /**
     * Credentials for a part of a registry.
     *
     * @param path of repositories, without slashes around it; empty for the whole registry
     * @param elsewhere whether they may serve for other repositories too if nothing else is known
     */
    record Entry(String path, boolean elsewhere, Credentials credentials) {
        private boolean covers(String repository) {
            return path.isEmpty() || repository.equals(path) || repository.startsWith(path + "/");
        }
    }

    DockerConfig {
        auths = Map.copyOf(auths);
        helpers = Map.copyOf(helpers);
    }

    /** What Docker, and so its credential helpers, call a registry. */
    static String serverAddress(String host) {
        return host.equals(DOCKER_HOST) ? DOCKER_KEY : host;
    }

    /** @param repository empty for the whole registry */
    Optional<Credentials> credentials(String host, String repository) {
        List<Entry> entries = auths.getOrDefault(host, List.of());
        return entries.stream()
                .filter(entry -> entry.covers(repository))
                .max(Comparator.comparingInt(entry -> entry.path.length()))
                .or(() -> entries.stream().filter(Entry::elsewhere).findFirst())
                .map(Entry::credentials);
    }

    /** Names of all helpers. */
    NavigableSet<String> allHelpers() {
        NavigableSet<String> names = new TreeSet<>(helpers.values());
        store.ifPresent(names::add);
        return names;
    }

    Optional<String> helper(String host) {
        return Optional.ofNullable(helpers.get(host)).or(() -> store);
    }

    /** @throws IOException if it is malformed; the message quotes nothing of it */
    static DockerConfig parse(byte[] json) throws IOException {
        JsonNode root = object(json).orElseThrow(() -> new IOException("it is not a JSON object"));
        Map<String, List<Entry>> auths = new HashMap<>();
        for (Map.Entry<String, JsonNode> field : root.path("auths").properties()) {
            Optional<Credentials> credentials = credentials(field.getKey(), field.getValue());
            Optional<String> host = host(field.getKey());
            if (credentials.isEmpty() || host.isEmpty()) {
                continue;
            }
            Entry entry = new Entry(path(field.getKey()), field.getKey().contains("://"), credentials.get());
            List<Entry> entries = auths.computeIfAbsent(host.get(), key -> new ArrayList<>());
            if (field.getKey().equals(serverAddress(host.get()))) {
                entries.removeIf(other -> other.path.isEmpty());
                entries.add(0, entry);
            } else if (entries.stream().noneMatch(other -> other.path.equals(entry.path))) {
                entries.add(entry);
            }
        }
        Map<String, String> helpers = new HashMap<>();
        for (Map.Entry<String, JsonNode> entry : root.path("credHelpers").properties()) {
            host(entry.getKey())
                    .filter(host -> path(entry.getKey()).isEmpty())
                    .ifPresent(host -> helpers.put(host, entry.getValue().asText("")));
        }
        helpers.values().removeIf(String::isEmpty);
        return new DockerConfig(auths, helpers, text(root, "credsStore"));
    }

    /** Absent if the bytes are not a JSON object. */
    static Optional<JsonNode> object(byte[] json) {
        try {
            JsonNode root = READER.readTree(json);
            return root.isObject() ? Optional.of(root) : Optional.empty();
        } catch (IOException e) {
            // Not only JacksonException: bytes that are no UTF-32, though they look like it, are told otherwise.
            return Optional.empty();
        }
    }

    private static Optional<String> host(String key) {
        String rest = withoutScheme(key);
        int slash = rest.indexOf('/');
        String host = slash < 0 ? rest : rest.substring(0, slash);
        return host.isEmpty() ? Optional.empty() : Optional.of(DOCKER_ALIASES.contains(host) ? DOCKER_HOST : host);
    }

    private static String path(String key) {
        String rest = withoutScheme(key);
        int slash = rest.indexOf('/');
        String path = slash < 0 ? "" : rest.substring(slash);
        if (PATHS.contains(path)) {
            return "";
        }
        return SLASHES_AROUND.matcher(path).replaceAll("");
    }

    private static String withoutScheme(String key) {
        int scheme = key.indexOf("://");
        return scheme < 0 ? key : key.substring(scheme + 3);
    }

    /** Of one entry of {@code auths}; empty if it has none. The message of a failure quotes no more than the key. */
    static Optional<Credentials> credentials(String key, JsonNode entry) throws IOException {
        Optional<String> identity = text(entry, "identitytoken");
        if (identity.isPresent()) {
            return Optional.of(new Credentials.IdentityToken(identity.get()));
        }
        Optional<String> registryToken = text(entry, "registrytoken");
        if (registryToken.isPresent()) {
            return Optional.of(new Credentials.RegistryToken(registryToken.get()));
        }
        Optional<String> auth = text(entry, "auth");
        if (auth.isPresent()) {
            return Optional.of(decode(key, auth.get()));
        }
        return text(entry, "username")
                .map(username ->
                        new Credentials.Basic(username, text(entry, "password").orElse("")));
    }

    /** {@code auth} is the Base64 of {@code username:password}; some old versions ended it in zero bytes. */
    private static Credentials decode(String key, String auth) throws IOException {
        String pair;
        try {
            pair = new String(Base64.getDecoder().decode(auth), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            // The exception would quote the secret.
            throw new IOException("the auth of " + key + " is not Base64");
        }
        int colon = pair.indexOf(':');
        if (colon < 1) {
            throw new IOException("the auth of " + key + " is not a user name and a password");
        }
        return new Credentials.Basic(
                pair.substring(0, colon), pair.substring(colon + 1).replace("\0", ""));
    }

    private static Optional<String> text(JsonNode parent, String field) {
        String value = parent.path(field).asText("");
        return value.isEmpty() ? Optional.empty() : Optional.of(value);
    }
}
