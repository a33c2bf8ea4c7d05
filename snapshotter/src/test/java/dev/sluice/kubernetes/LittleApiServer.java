package dev.sluice.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.toMap;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Lists and watches secrets over HTTP as an API server does it: versions, field selectors, events, {@code 403} and {@code 410}. For what
 * is hard to bring about with a real one, which the e2e tests have.
 */
public final class LittleApiServer implements AutoCloseable {
    /** What every request has to show. */
    public static final String TOKEN = "api-t0ken";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();

    // Under the lock of this.
    private final Map<String, ObjectNode> secrets = new TreeMap<>();
    private final List<Event> events = new ArrayList<>();
    private final Set<String> forbidden = new HashSet<>();
    private final List<String> requests = new ArrayList<>();
    private int version = 1;
    private int oldest;
    private int generation;
    private boolean closed;

    private record Event(int version, String type, ObjectNode secret) {}

    public LittleApiServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /** Writes a kubeconfig file that leads here. */
    public Path kubeconfig(Path directory) throws IOException {
        return Files.writeString(directory.resolve("kubeconfig"), """
                current-context: c
                contexts: [{name: c, context: {cluster: c, user: u}}]
                clusters: [{name: c, cluster: {server: "http://%s:%d"}}]
                users: [{name: u, user: {token: %s}}]
                """.formatted(
                        server.getAddress().getAddress().getHostAddress(),
                        server.getAddress().getPort(),
                        TOKEN));
    }

    /** Creates a secret, or changes it. Whoever watches is told. */
    public synchronized void put(String namespace, String name, String type, String field, String base64) {
        ObjectNode secret = JsonNodeFactory.instance.objectNode().put("type", type);
        secret.putObject("metadata")
                .put("namespace", namespace)
                .put("name", name)
                .put("resourceVersion", String.valueOf(++version));
        secret.putObject("data").put(field, base64);
        boolean there = secrets.put(namespace + "/" + name, secret) != null;
        tell(there ? "MODIFIED" : "ADDED", secret);
    }

    /** Deletes a secret. */
    public synchronized void delete(String namespace, String name) {
        ObjectNode secret = Optional.ofNullable(secrets.remove(namespace + "/" + name))
                .orElseThrow()
                .deepCopy();
        ((ObjectNode) secret.path("metadata")).put("resourceVersion", String.valueOf(++version));
        tell("DELETED", secret);
    }

    private void tell(String type, ObjectNode secret) {
        events.add(new Event(version, type, secret));
        notifyAll();
    }

    /** From now on answers a verb, {@code list} or {@code watch}, with 403. */
    public synchronized void forbid(String verb) {
        forbidden.add(verb);
        endWatches();
    }

    /** Takes that back. */
    public synchronized void allow(String verb) {
        forbidden.remove(verb);
    }

    /** Changes something without telling those who watch, and then forgets its history: a watch from before gets 410. */
    public synchronized void forget(Runnable change) {
        generation++;
        oldest = Integer.MAX_VALUE;
        change.run();
        events.clear();
        oldest = ++version;
        notifyAll();
    }

    /** Ends all watches, as a server does every few minutes. */
    public synchronized void endWatches() {
        generation++;
        notifyAll();
    }

    /** Verb and query of all requests so far. */
    public synchronized List<String> requests() {
        return List.copyOf(requests);
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            Map<String, String> query = query(exchange);
            String verb = query.containsKey("watch") ? "watch" : "list";
            String[] path = exchange.getRequestURI().getPath().split("/", -1);
            String namespace = path.length == 6 ? path[4] : "";
            synchronized (this) {
                requests.add(verb + " " + namespace + " " + selector(query));
            }
            if (!("Bearer " + TOKEN).equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
                answer(exchange, 401, status(401, "Unauthorized"));
            } else if (isForbidden(verb)) {
                answer(exchange, 403, status(403, "secrets is forbidden: User \"sluice\" cannot " + verb + " secrets"));
            } else if (verb.equals("list")) {
                answer(exchange, 200, list(namespace, selector(query)));
            } else {
                watch(exchange, namespace, query);
            }
        }
    }

    private synchronized boolean isForbidden(String verb) {
        return forbidden.contains(verb);
    }

    private static Map<String, String> query(HttpExchange exchange) {
        return Arrays.stream(exchange.getRequestURI().getRawQuery().split("&", -1))
                .map(pair -> pair.split("=", 2))
                .collect(toMap(pair -> pair[0], pair -> URLDecoder.decode(pair[1], UTF_8), (a, b) -> b, HashMap::new));
    }

    private static String selector(Map<String, String> query) {
        return Optional.ofNullable(query.get("fieldSelector")).orElseThrow();
    }

    private static ObjectNode status(int code, String message) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("kind", "Status")
                .put("code", code)
                .put("message", message);
    }

    private static void answer(HttpExchange exchange, int status, ObjectNode body) throws IOException {
        byte[] bytes = body.toString().getBytes(UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private synchronized ObjectNode list(String namespace, String selector) {
        ObjectNode list = JsonNodeFactory.instance.objectNode().put("kind", "SecretList");
        list.putObject("metadata").put("resourceVersion", String.valueOf(version));
        ArrayNode items = list.putArray("items");
        secrets.values().stream()
                .filter(secret -> isSelected(secret, namespace, selector))
                .forEach(items::add);
        return list;
    }

    private static boolean isSelected(ObjectNode secret, String namespace, String selector) {
        String[] wanted = selector.split("=", 2);
        String value = wanted[0].equals("type")
                ? secret.path("type").asText()
                : secret.path("metadata").path("name").asText();
        return secret.path("metadata").path("namespace").asText().equals(namespace) && value.equals(wanted[1]);
    }

    private void watch(HttpExchange exchange, String namespace, Map<String, String> query) throws IOException {
        int from = Integer.parseInt(query.getOrDefault("resourceVersion", "0"));
        exchange.sendResponseHeaders(200, 0);
        OutputStream out = exchange.getResponseBody();
        out.flush();
        int mine;
        synchronized (this) {
            mine = generation;
        }
        List<Event> news = news(from, mine);
        while (!news.isEmpty()) {
            for (Event event : news) {
                from = event.version;
                if (event.type.equals("ERROR") || isSelected(event.secret, namespace, selector(query))) {
                    ObjectNode line = JsonNodeFactory.instance.objectNode().put("type", event.type);
                    line.set("object", event.secret);
                    out.write((line + "\n").getBytes(UTF_8));
                    out.flush();
                }
                if (event.type.equals("ERROR")) {
                    return;
                }
            }
            news = news(from, mine);
        }
    }

    /** Waits for what comes after a version; empty when the watch is to end. */
    private synchronized List<Event> news(int after, int mine) throws IOException {
        while (true) {
            if (after < oldest) {
                return List.of(new Event(after, "ERROR", status(410, "too old resource version")));
            }
            if (mine != generation || closed) {
                return List.of();
            }
            List<Event> news =
                    events.stream().filter(event -> event.version > after).toList();
            if (!news.isEmpty()) {
                return news;
            }
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("the server was stopped", e);
            }
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        server.stop(0);
        threads.shutdownNow();
    }
}
