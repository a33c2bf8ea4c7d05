package dev.sluice.credentials;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.fuzz.Require;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Fuzzes Docker's {@code config.json}: the same on a second reading, nobody's secret in a message, and each entry serves its repository. */
public final class DockerConfigFuzz {
    /** A shorter text may stand in a message for other reasons. */
    private static final int SECRET = 12;

    private DockerConfigFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        DockerConfig config;
        try {
            config = DockerConfig.parse(data);
        } catch (IOException e) {
            requireDiscreet(requireNonNull(e.getMessage()), DockerConfig.object(data));
            return;
        }
        Require.equal(config, DockerConfig.parse(data), "not the same when read again");
        config.auths().forEach((host, entries) -> entries.forEach(entry -> check(config, host, entries, entry)));
        config.helpers().values().forEach(name -> Require.that(!name.isEmpty(), "a helper without a name"));
    }

    private static void check(
            DockerConfig config, String host, List<DockerConfig.Entry> entries, DockerConfig.Entry entry) {
        Require.that(!host.contains("/"), "a host with a path");
        Require.that(!entry.path().startsWith("/") && !entry.path().endsWith("/"), "a path with a slash around it");
        Require.that(
                entries.stream()
                                .filter(other -> other.path().equals(entry.path()))
                                .count()
                        == 1,
                "two for one place");
        Require.equal(
                config.credentials(host, entry.path()),
                Optional.of(entry.credentials()),
                "an entry is not for its own repository");
    }

    private static void requireDiscreet(String message, Optional<JsonNode> json) {
        json.map(root -> root.path("auths"))
                .ifPresent(auths -> auths.properties().forEach(auth -> {
                    String secret = auth.getValue().path("auth").asText("");
                    boolean isElsewhere = auths.properties().stream()
                            .anyMatch(other -> other.getKey().contains(secret));
                    Require.that(
                            secret.length() < SECRET || isElsewhere || !message.contains(secret),
                            "a message with a secret");
                }));
    }
}
