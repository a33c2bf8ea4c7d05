package dev.sluice.credentials;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.registry.Credentials;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Credentials by the images that they are for, as the kubelet makes them of a pull secret or of what a credential provider answers:
 * several may fit one image, and those whose key is greater in the alphabet, and so more specific, come first. Immutable; printed without
 * its secrets.
 *
 * @param entries in the order in which they are tried
 */
record Keyring(List<Entry> entries) {
    static final Keyring EMPTY = new Keyring(List.of());

    private static final String DOCKER_KEY = "index.docker.io";
    private static final int MAX_ENTRIES = 10_000;

    record Entry(ImagePattern images, Credentials credentials) {}

    Keyring {
        entries = List.copyOf(entries);
    }

    /**
     * Of a secret of type {@code kubernetes.io/dockerconfigjson}.
     *
     * @throws IOException if it is malformed; the message is a reason that begins with "it", and quotes nothing
     */
    static Keyring ofDockerConfigJson(byte[] json) throws IOException {
        JsonNode root = DockerConfig.object(json).orElseThrow(() -> new IOException("it is not a JSON object"));
        return of(root.path("auths"));
    }

    /** Of a secret of type {@code kubernetes.io/dockercfg}: the same without anything around it. */
    static Keyring ofDockerCfg(byte[] json) throws IOException {
        return of(DockerConfig.object(json).orElseThrow(() -> new IOException("it is not a JSON object")));
    }

    /** @param auths what Docker's configuration has under that name; entries that are malformed are left out */
    static Keyring of(JsonNode auths) throws IOException {
        if (auths.size() > MAX_ENTRIES) {
            throw new IOException("it has more than " + MAX_ENTRIES + " entries");
        }
        List<Entry> entries = new ArrayList<>();
        for (Map.Entry<String, JsonNode> field : auths.properties()) {
            Optional<Credentials> credentials = credentials(field.getKey(), field.getValue());
            Optional<ImagePattern> images = ImagePattern.parse(key(field.getKey()));
            if (credentials.isPresent() && images.isPresent()) {
                entries.add(new Entry(images.get(), credentials.get()));
            }
        }
        entries.sort(Comparator.comparing((Entry entry) -> entry.images.text()).reversed());
        return new Keyring(entries);
    }

    private static Optional<Credentials> credentials(String key, JsonNode entry) {
        try {
            return DockerConfig.credentials(key, entry);
        } catch (IOException e) {
            // The others of the same secret may be sound, and are what the user needs.
            return Optional.empty();
        }
    }

    /** What is written is a URL, or begins after its scheme; {@code /v1/} and {@code /v2/} are no part of an image's name. */
    private static String key(String written) {
        String rest = written.startsWith("https://")
                ? written.substring("https://".length())
                : written.startsWith("http://") ? written.substring("http://".length()) : written;
        int slash = rest.indexOf('/');
        if (slash < 0) {
            return rest;
        }
        String path = rest.substring(slash);
        if (path.startsWith("/v1/") || path.startsWith("/v2/")) {
            path = path.substring(3);
        }
        return path.equals("/") ? rest.substring(0, slash) : rest.substring(0, slash) + path;
    }

    /**
     * What may serve for an image, best first.
     *
     * @param image host and repository, without tag; just the host for all of it
     */
    Stream<Credentials> of(String image) {
        List<Credentials> matching = entries.stream()
                .filter(entry -> entry.images.matches(image))
                .map(Entry::credentials)
                .toList();
        if (!matching.isEmpty() || !(image.equals("docker.io") || image.startsWith("docker.io/"))) {
            return matching.stream();
        }
        return entries.stream()
                .filter(entry -> entry.images.text().equals(DOCKER_KEY))
                .map(Entry::credentials);
    }

    @Override
    public String toString() {
        return "Keyring[" + entries.stream().map(entry -> entry.images.text()).toList() + "]";
    }
}
