package dev.sluice.kubernetes;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a {@link Store} like a list of the API server: lists it, watches it from there, and lists again when the server has forgotten
 * where we were. While the server cannot be asked the store stays as it is, and it is asked again after growing pauses. Runs on a thread
 * of its own from its construction until it is closed.
 */
public final class Reflector implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Reflector.class);

    /** How long a watch goes on, at least; at most twice as long. */
    private static final Duration WATCH = Duration.ofMinutes(5);

    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

    private final KubernetesClient client;
    private final String path;
    private final Map<String, String> query;
    private final Store store;
    private final Thread thread;
    private volatile boolean closed;

    private volatile Optional<String> failure = Optional.empty();

    // Belongs to the thread.
    private String version = "";
    private int failures;
    private boolean told;

    /** What is kept up to date. Called by one thread at a time. */
    public interface Store {
        /** All objects there are. */
        void replace(List<JsonNode> objects);

        /** One that is new, or has changed. */
        void put(JsonNode object);

        /** One that is gone, as it was last. */
        void remove(JsonNode object);
    }

    /**
     * Begins at once; does not wait for the first list.
     *
     * @param client not closed with this
     * @param path of the list
     * @param query selectors
     */
    public Reflector(KubernetesClient client, String path, Map<String, String> query, Store store) {
        this.client = requireNonNull(client, "client is null");
        this.path = requireNonNull(path, "path is null");
        this.query = Map.copyOf(query);
        this.store = requireNonNull(store, "store is null");
        this.thread = new Thread(this::run, "watch-" + path);
        thread.setDaemon(true);
        thread.start();
    }

    /** Why it cannot be followed at the moment; a sentence without secrets. */
    public Optional<String> failure() {
        return failure;
    }

    private void run() {
        while (!closed) {
            try {
                if (version.isEmpty()) {
                    KubernetesClient.Listed listed = client.list(path, query);
                    store.replace(listed.items());
                    version = listed.resourceVersion();
                }
                long seconds = WATCH.toSeconds() + ThreadLocalRandom.current().nextLong(WATCH.toSeconds());
                client.watch(path, query, version, Duration.ofSeconds(seconds), new Events());
            } catch (IOException e) {
                failed(e);
            }
        }
    }

    private final class Events implements KubernetesClient.EventHandler {
        /** Not already when the list was there: who may list but not watch must not be asked all the time. */
        @Override
        public void opened() {
            worked();
        }

        @Override
        public void event(String type, JsonNode object) throws IOException {
            Reflector.this.event(type, object);
        }
    }

    private void event(String type, JsonNode object) throws IOException {
        switch (type) {
            case "ADDED", "MODIFIED" -> store.put(object);
            case "DELETED" -> store.remove(object);
            case "BOOKMARK" -> log.trace("{} has come to a bookmark", path);
            case "ERROR" ->
                throw new KubernetesException(
                        "the watch of " + path + " was ended with status "
                                + object.path("code").asInt(),
                        object.path("code").asInt());
            default -> throw new IOException("the watch of " + path + " has an event of an unknown type");
        }
        String newest = object.path("metadata").path("resourceVersion").asText("");
        if (!newest.isEmpty()) {
            version = newest;
        }
    }

    private void worked() {
        if (told) {
            log.info("{} is followed again", path);
        }
        told = false;
        failures = 0;
        failure = Optional.empty();
    }

    private void failed(IOException e) {
        if (closed) {
            return;
        }
        if (e instanceof KubernetesException) {
            // Whatever the server does not like about the watch, a list tells whether it is us or the version.
            version = "";
        }
        failures++;
        boolean expired = e instanceof KubernetesException answer && answer.status() == KubernetesException.GONE;
        // A version that has expired is usual after a long time without changes, and nobody's failure.
        if (!expired) {
            failure = Optional.of(String.valueOf(e.getMessage()));
        }
        if (!told && !expired) {
            told = true;
            log.warn("What is known of {} stays in use: {}", path, e.getMessage());
        } else {
            log.debug("{} still cannot be followed: {}", path, e.getMessage());
        }
        pause();
    }

    /** A random part of a time that doubles, so that all nodes do not come back at once. */
    private void pause() {
        long most = Math.min(LONGEST_PAUSE.toMillis(), FIRST_PAUSE.toMillis() << Math.min(failures - 1, 10));
        try {
            Thread.sleep(most / 2 + ThreadLocalRandom.current().nextLong(most / 2 + 1));
        } catch (InterruptedException e) {
            // Only close() interrupts.
            closed = true;
        }
    }

    /** Ends the thread once the client is closed, or its next event comes. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }
}
