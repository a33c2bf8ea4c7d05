package dev.sluice.credentials;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * What a credential provider answers: {@code CredentialProviderResponse} of {@code credentialprovider.kubelet.k8s.io}.
 *
 * @param scope for what it counts
 * @param cache how long it may be kept; empty for the provider's usual time, zero for not at all
 * @param keyring the credentials
 */
record ProviderResponse(Scope scope, Optional<Duration> cache, Keyring keyring) {
    /** {@code cacheKeyType}. */
    enum Scope {
        IMAGE,
        REGISTRY,
        GLOBAL;

        /** What answers for an image are kept under. */
        String key(String image) {
            int slash = image.indexOf('/');
            return switch (this) {
                case IMAGE -> "image " + image;
                case REGISTRY -> "registry " + (slash < 0 ? image : image.substring(0, slash));
                case GLOBAL -> "global";
            };
        }
    }

    /** @throws IOException if it is malformed; the message is a reason, and quotes nothing */
    static ProviderResponse parse(byte[] json, String protocol) throws IOException {
        JsonNode root = DockerConfig.object(json).orElseThrow(() -> new IOException("its answer is not a JSON object"));
        if (!root.path("kind").asText("").equals("CredentialProviderResponse")
                || !root.path("apiVersion").asText("").equals(protocol)) {
            throw new IOException("its answer is no CredentialProviderResponse of " + protocol);
        }
        Scope scope = switch (root.path("cacheKeyType").asText("")) {
            case "Image" -> Scope.IMAGE;
            case "Registry" -> Scope.REGISTRY;
            case "Global" -> Scope.GLOBAL;
            default -> throw new IOException("its answer has no cacheKeyType that is known");
        };
        JsonNode duration = root.path("cacheDuration");
        Optional<Duration> cache = Optional.empty();
        if (!duration.isMissingNode() && !duration.isNull()) {
            cache = Optional.of(ProviderConfig.duration(duration.asText(""))
                    .orElseThrow(() -> new IOException("its answer has a malformed cacheDuration")));
        }
        try {
            return new ProviderResponse(scope, cache, Keyring.of(root.path("auth")));
        } catch (IOException e) {
            throw new IOException("its answer is malformed: " + e.getMessage(), e);
        }
    }
}
