package dev.sluice.credentials;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.kubernetes.KubernetesClient;
import dev.sluice.kubernetes.Reflector;
import dev.sluice.registry.CredentialSource;
import dev.sluice.registry.Credentials;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Image pull secrets of Kubernetes, kept up to date by watching. While the API server cannot be asked, what was known stays in use. Which
 * pod an image is for cannot be known here, so every secret of the namespaces serves for all. Safe for use by many threads.
 */
public final class PullSecrets implements CredentialSource, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PullSecrets.class);

    /** How long the first answers wait for the first lists. */
    private static final Duration FIRST_LIST = Duration.ofSeconds(5);

    /** How often it is looked meanwhile. */
    private static final Duration FIRST_LOOK = Duration.ofMillis(50);

    private final KubernetesClient client;
    private final List<Reflector> reflectors = new ArrayList<>();
    private final CountDownLatch listed;
    private final long patientUntil = System.nanoTime() + FIRST_LIST.toNanos();
    private final List<Secrets> secrets = new ArrayList<>();

    /** The types of secrets that the kubelet knows for images. */
    private enum Kind {
        DOCKER_CONFIG_JSON("kubernetes.io/dockerconfigjson", ".dockerconfigjson"),
        DOCKER_CFG("kubernetes.io/dockercfg", ".dockercfg");

        private final String type;
        private final String field;

        Kind(String type, String field) {
            this.type = type;
            this.field = field;
        }
    }

    /**
     * What one watch is about.
     *
     * @param selector of fields
     */
    private record Place(String namespace, String selector) {}

    /**
     * Begins to watch.
     *
     * @param client closed with this
     * @param namespaces whose secrets are used; earlier ones first
     * @param names of secrets that are used, in every namespace; empty for all
     */
    public PullSecrets(KubernetesClient client, List<String> namespaces, List<String> names) {
        this.client = requireNonNull(client, "client is null");
        List<Place> places = new ArrayList<>();
        for (String namespace : namespaces) {
            // With a name in the selector the API server lets in who may see but that secret.
            Stream<String> selectors = names.isEmpty()
                    ? Stream.of(Kind.values()).map(kind -> "type=" + kind.type)
                    : names.stream().map(name -> "metadata.name=" + name);
            selectors.forEach(selector -> places.add(new Place(namespace, selector)));
        }
        listed = new CountDownLatch(places.size());
        places.forEach(place -> secrets.add(new Secrets(place, listed)));
        for (Secrets watched : secrets) {
            reflectors.add(new Reflector(
                    client,
                    "api/v1/namespaces/" + watched.place.namespace + "/secrets",
                    Map.of("fieldSelector", watched.place.selector),
                    watched));
        }
    }

    /** What one watch has brought. */
    private static final class Secrets implements Reflector.Store {
        private final Place place;
        private final CountDownLatch listed;
        private boolean first = true;
        // Under the lock of this, by the name of the secret.
        private TreeMap<String, Keyring> keyrings = new TreeMap<>();

        Secrets(Place place, CountDownLatch listed) {
            this.place = place;
            this.listed = listed;
        }

        synchronized List<Keyring> keyrings() {
            return List.copyOf(keyrings.values());
        }

        @Override
        public synchronized void replace(List<JsonNode> objects) {
            keyrings = new TreeMap<>();
            objects.forEach(this::put);
            if (first) {
                first = false;
                listed.countDown();
                log.info(
                        "{} pull secrets of namespace {} with {} are in use",
                        keyrings.size(),
                        place.namespace,
                        place.selector);
            }
        }

        @Override
        public synchronized void put(JsonNode secret) {
            Optional<Keyring> keyring = keyring(secret);
            if (keyring.isPresent()) {
                keyrings.put(name(secret), keyring.get());
            } else {
                keyrings.remove(name(secret));
            }
        }

        @Override
        public synchronized void remove(JsonNode secret) {
            keyrings.remove(name(secret));
        }
    }

    private static String name(JsonNode secret) {
        return secret.path("metadata").path("name").asText("");
    }

    /** Empty if it is of another type, or malformed. */
    private static Optional<Keyring> keyring(JsonNode secret) {
        String type = secret.path("type").asText("");
        try {
            for (Kind kind : Kind.values()) {
                if (kind.type.equals(type)) {
                    byte[] content = decode(secret.path("data").path(kind.field).asText(""));
                    return Optional.of(
                            kind == Kind.DOCKER_CFG
                                    ? Keyring.ofDockerCfg(content)
                                    : Keyring.ofDockerConfigJson(content));
                }
            }
        } catch (IOException e) {
            log.warn(
                    "The pull secret {} of namespace {} is passed over: {}",
                    name(secret),
                    secret.path("metadata").path("namespace").asText(""),
                    e.getMessage());
        }
        return Optional.empty();
    }

    private static byte[] decode(String base64) throws IOException {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            // The exception would quote the secret.
            throw new IOException("it is not Base64");
        }
    }

    @Override
    public Optional<Credentials> credentials(String host) throws IOException {
        return credentials(host, "", Set.of());
    }

    @Override
    public Optional<Credentials> credentials(String host, String repository) throws IOException {
        return credentials(host, repository, Set.of());
    }

    @Override
    public Optional<Credentials> credentials(String host, String repository, Set<Credentials> refused)
            throws IOException {
        boolean complete = isListed();
        String image = Images.name(host, repository);
        Optional<Credentials> found = secrets.stream()
                .flatMap(watched -> watched.keyrings().stream())
                .flatMap(keyring -> keyring.of(image))
                .filter(credentials -> !refused.contains(credentials))
                .findFirst();
        if (found.isEmpty() && !complete) {
            List<String> failures = failures();
            throw new IOException("the pull secrets could not be read from the Kubernetes API yet"
                    + (failures.isEmpty() ? "" : ": " + String.join("; ", failures)));
        }
        return found;
    }

    /** Whether the secrets are followed, and how many there are. */
    public SourceState state() {
        List<String> failures = failures();
        long known =
                secrets.stream().mapToLong(watched -> watched.keyrings().size()).sum();
        String places = (known == 1 ? "1 pull secret" : known + " pull secrets") + " of "
                + Names.few(secrets.stream()
                        .map(watched -> watched.place.namespace)
                        .distinct()
                        .toList());
        if (!failures.isEmpty()) {
            return SourceState.broken(
                    String.join("; ", failures) + (known > 0 ? "; what was known before stays in use: " + places : ""));
        }
        if (listed.getCount() > 0) {
            return SourceState.empty("the Kubernetes API has not answered yet");
        }
        return known > 0 ? SourceState.works(places + " followed") : SourceState.empty(places);
    }

    /** What the watches suffer from now. */
    private List<String> failures() {
        return reflectors.stream()
                .flatMap(reflector -> reflector.failure().stream())
                .distinct()
                .toList();
    }

    /** Waits a few seconds, if it has just begun, until there is something to tell. */
    public void awaitFirst() throws IOException {
        while (System.nanoTime() - patientUntil < 0
                && listed.getCount() > 0
                && reflectors.stream().allMatch(r -> r.failure().isEmpty())) {
            try {
                Thread.sleep(FIRST_LOOK.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("the thread was interrupted while it waited for the Kubernetes API", e);
            }
        }
    }

    private boolean isListed() throws IOException {
        try {
            return listed.await(patientUntil - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the thread was interrupted while it waited for the Kubernetes API", e);
        }
    }

    /** Ends the watches. */
    @Override
    public void close() {
        reflectors.forEach(Reflector::close);
        client.close();
    }
}
