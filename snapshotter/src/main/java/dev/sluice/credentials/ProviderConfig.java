package dev.sluice.credentials;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.kubernetes.KubernetesYaml;
import dev.sluice.registry.GoDuration;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The kubelet's {@code CredentialProviderConfig}: which programs are asked for the credentials of which images. Versions {@code v1},
 * {@code v1beta1} and {@code v1alpha1} of {@code kubelet.config.k8s.io} are the same for what is used here.
 */
record ProviderConfig(List<Provider> providers) {
    private static final Set<String> VERSIONS =
            Set.of("kubelet.config.k8s.io/v1", "kubelet.config.k8s.io/v1beta1", "kubelet.config.k8s.io/v1alpha1");
    private static final Set<String> PROTOCOLS = Set.of(
            "credentialprovider.kubelet.k8s.io/v1",
            "credentialprovider.kubelet.k8s.io/v1beta1",
            "credentialprovider.kubelet.k8s.io/v1alpha1");
    /** The name of a file in the directory of programs, and nothing else. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,252}");

    ProviderConfig {
        providers = List.copyOf(providers);
    }

    /**
     * One program.
     *
     * @param name of its file
     * @param images that it is asked about
     * @param cache how long an answer that does not say so is kept; zero for not at all
     * @param protocol which version of requests it understands
     * @param arguments may be secrets
     * @param environment may hold secrets
     */
    record Provider(
            String name,
            List<ImagePattern> images,
            Duration cache,
            String protocol,
            List<String> arguments,
            Map<String, String> environment) {
        Provider {
            images = List.copyOf(images);
            arguments = List.copyOf(arguments);
            environment = Map.copyOf(environment);
        }

        boolean isFor(String image) {
            return images.stream().anyMatch(pattern -> pattern.matches(image));
        }

        @Override
        public String toString() {
            return "Provider[" + name + "]";
        }
    }

    /** @throws IOException if it is malformed; the message is a reason that begins with "it", and quotes nothing but names */
    static ProviderConfig parse(byte[] yaml) throws IOException {
        JsonNode root = KubernetesYaml.object(yaml);
        if (!VERSIONS.contains(root.path("apiVersion").asText(""))
                || !root.path("kind").asText("").equals("CredentialProviderConfig")) {
            throw new IOException("it is not a CredentialProviderConfig of kubelet.config.k8s.io/v1");
        }
        List<Provider> providers = new ArrayList<>();
        for (JsonNode provider : root.path("providers")) {
            providers.add(provider(provider));
        }
        if (providers.isEmpty()) {
            throw new IOException("it has no providers");
        }
        return new ProviderConfig(providers);
    }

    private static Provider provider(JsonNode node) throws IOException {
        String name = node.path("name").asText("");
        if (!NAME.matcher(name).matches()) {
            throw new IOException("it has a provider whose name is not the name of a file");
        }
        String protocol = node.path("apiVersion").asText("");
        if (!PROTOCOLS.contains(protocol)) {
            throw new IOException("its provider " + name + " has an apiVersion that is not known");
        }
        if (node.path("tokenAttributes").path("requireServiceAccount").asBoolean(false)) {
            throw new IOException("its provider " + name
                    + " wants the token of the pod's service account (tokenAttributes), which only the kubelet has");
        }
        List<ImagePattern> images = new ArrayList<>();
        for (JsonNode pattern : node.path("matchImages")) {
            images.add(ImagePattern.parse(pattern.asText(""))
                    .orElseThrow(
                            () -> new IOException("its provider " + name + " has a malformed pattern in matchImages")));
        }
        if (images.isEmpty()) {
            throw new IOException("its provider " + name + " has no matchImages");
        }
        List<String> arguments = new ArrayList<>();
        node.path("args").forEach(argument -> arguments.add(argument.asText("")));
        Map<String, String> environment = new HashMap<>();
        for (JsonNode variable : node.path("env")) {
            String variableName = variable.path("name").asText("");
            String value = variable.path("value").asText("");
            if (variableName.isEmpty() || variableName.contains("=") || (variableName + value).indexOf('\0') >= 0) {
                throw new IOException("its provider " + name + " has a malformed variable in env");
            }
            environment.put(variableName, value);
        }
        if (arguments.stream().anyMatch(argument -> argument.indexOf('\0') >= 0)) {
            throw new IOException("its provider " + name + " has a malformed argument in args");
        }
        return new Provider(
                name,
                images,
                duration(node.path("defaultCacheDuration").asText(""))
                        .orElseThrow(() -> new IOException(
                                "its provider " + name + " has no defaultCacheDuration that is a duration")),
                protocol,
                arguments,
                environment);
    }

    /** Zero, or a positive one. */
    static Optional<Duration> duration(String text) {
        return Pattern.matches("0(?:ns|us|ms|s|m|h)?|0h0m0s|0m0s", text)
                ? Optional.of(Duration.ZERO)
                : GoDuration.parse(text);
    }
}
