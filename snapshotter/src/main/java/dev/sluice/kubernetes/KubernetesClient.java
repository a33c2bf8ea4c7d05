package dev.sluice.kubernetes;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import okhttp3.Call;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.BufferedSource;

/**
 * Speaks to the Kubernetes API. Paths are those of the API, such as {@code api/v1/nodes/worker-1}; objects are JSON trees. Token and
 * certificates are read anew for each request, so that they may be rotated. Blocking; safe for use by many threads.
 */
public final class KubernetesClient implements AutoCloseable {
    private static final Duration REQUEST = Duration.ofSeconds(30);
    private static final int MAX_ANSWER = 64 << 20;
    private static final int MAX_EVENT = 8 << 20;
    private static final int MAX_PAGES = 1000;
    private static final int PAGE = 500;
    private static final int MAX_REASON = 300;
    private static final Pattern NO_TEXT = Pattern.compile("[^ -~]");

    /** The parser must not quote what it read in its messages. */
    private static final ObjectReader READER = JsonMapper.builder()
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .build()
            .readerFor(JsonNode.class);

    private final ApiServer server;
    private final Set<Call> calls = ConcurrentHashMap.newKeySet();
    private volatile Optional<Transport> transport = Optional.empty();
    private volatile boolean closed;

    private record Transport(Connection.Tls tls, OkHttpClient http) {}

    /** How a patch changes an object; the names are those of the API conventions. */
    public enum PatchType {
        /** RFC 7386: fields that are there replace those of the object, null removes. */
        MERGE("application/merge-patch+json"),
        /** Of Kubernetes: lists are merged by their keys. */
        STRATEGIC_MERGE("application/strategic-merge-patch+json"),
        /** RFC 6902: a list of operations. */
        JSON("application/json-patch+json");

        private final String mediaType;

        PatchType(String mediaType) {
            this.mediaType = mediaType;
        }
    }

    /**
     * What a list said.
     *
     * @param resourceVersion from which on to watch
     */
    public record Listed(List<JsonNode> items, String resourceVersion) {
        public Listed {
            items = List.copyOf(items);
        }
    }

    /** Sees the events of a watch, one at a time. */
    @FunctionalInterface
    public interface EventHandler {
        /**
         * @param type {@code ADDED}, {@code MODIFIED}, {@code DELETED}, {@code BOOKMARK} or {@code ERROR}
         * @param object what it is about; with {@code ERROR} a {@code Status}
         * @throws IOException ends the watch
         */
        void event(String type, JsonNode object) throws IOException;

        /** The server has begun to answer. */
        default void opened() {}
    }

    public KubernetesClient(ApiServer server) {
        this.server = requireNonNull(server, "server is null");
    }

    /**
     * An object.
     *
     * @throws KubernetesException if the server answered with something else
     * @throws IOException if it could not be asked
     */
    public JsonNode get(String path) throws IOException {
        return json("get " + path, path, Map.of(), Optional.empty());
    }

    /**
     * Changes an object.
     *
     * @return what it is then
     * @throws KubernetesException if the server did not take it
     * @throws IOException if it could not be asked
     */
    public JsonNode patch(String path, PatchType type, JsonNode patch) throws IOException {
        byte[] content = patch.toString().getBytes(StandardCharsets.UTF_8);
        return json("patch " + path, path, Map.of(), Optional.of(new Patch(type, content)));
    }

    /**
     * All objects of a list, page by page.
     *
     * @param query selectors, such as {@code fieldSelector}
     */
    public Listed list(String path, Map<String, String> query) throws IOException {
        List<JsonNode> items = new ArrayList<>();
        Map<String, String> next = new HashMap<>(query);
        next.put("limit", String.valueOf(PAGE));
        for (int page = 0; page < MAX_PAGES; page++) {
            JsonNode list = json("list " + path, path, next, Optional.empty());
            list.path("items").forEach(items::add);
            String more = list.path("metadata").path("continue").asText("");
            if (more.isEmpty()) {
                return new Listed(
                        items, list.path("metadata").path("resourceVersion").asText(""));
            }
            next.put("continue", more);
        }
        throw new IOException(failed("list " + path, "it has more than " + MAX_PAGES + " pages"));
    }

    /**
     * Follows the changes of a list, until the server ends that, as it does after a while.
     *
     * @param resourceVersion from {@link Listed}, or of the newest event
     * @param within how long the server is asked to go on
     * @throws KubernetesException with status 410 if the version is too old
     */
    public void watch(
            String path, Map<String, String> query, String resourceVersion, Duration within, EventHandler handler)
            throws IOException {
        String action = "watch " + path;
        Map<String, String> all = new HashMap<>(query);
        all.put("watch", "true");
        all.put("allowWatchBookmarks", "true");
        all.put("resourceVersion", resourceVersion);
        all.put("timeoutSeconds", String.valueOf(within.toSeconds()));
        send(action, path, all, Optional.empty(), within.plus(REQUEST), response -> {
            handler.opened();
            BufferedSource source = response.body().source();
            while (!source.exhausted()) {
                JsonNode event = parse(source.readUtf8LineStrict(MAX_EVENT).getBytes(StandardCharsets.UTF_8));
                handler.event(event.path("type").asText(""), event.path("object"));
            }
            return true;
        });
    }

    private JsonNode json(String action, String path, Map<String, String> query, Optional<Patch> patch)
            throws IOException {
        return send(action, path, query, patch, REQUEST, response -> parse(body(response)));
    }

    private record Patch(PatchType type, byte[] content) {}

    private interface Reader<T> {
        T read(Response response) throws IOException;
    }

    /** @param within from the request to the end of the answer */
    private <T> T send(
            String action,
            String path,
            Map<String, String> query,
            Optional<Patch> patch,
            Duration within,
            Reader<T> reader)
            throws IOException {
        Connection connection = server.connection();
        Request request = request(connection, path, query, patch);
        Call call = http(connection.tls())
                .newBuilder()
                .callTimeout(within)
                .readTimeout(within)
                .build()
                .newCall(request);
        calls.add(call);
        if (closed) {
            call.cancel();
        }
        try (Response response = call.execute()) {
            if (response.code() != 200) {
                throw refused(action, response);
            }
            return reader.read(response);
        } catch (KubernetesException e) {
            throw e;
        } catch (IOException e) {
            throw new IOException(failed(action, String.valueOf(e.getMessage())), e);
        } finally {
            calls.remove(call);
        }
    }

    private static Request request(Connection connection, String path, Map<String, String> query, Optional<Patch> patch)
            throws IOException {
        HttpUrl base = HttpUrl.parse(connection.server());
        if (base == null) {
            throw new IOException("the address of the Kubernetes API is not a URL");
        }
        HttpUrl.Builder url = base.newBuilder().addPathSegments(path);
        query.forEach(url::addQueryParameter);
        Request.Builder request = new Request.Builder().url(url.build()).header("Accept", "application/json");
        if (connection.token().isPresent()) {
            String token = connection.token().get();
            if (!token.chars().allMatch(c -> c > ' ' && c < 127)) {
                // The HTTP library would quote it.
                throw new IOException("the token for the Kubernetes API cannot stand in a header");
            }
            request.header("Authorization", "Bearer " + token);
        }
        patch.ifPresent(
                change -> request.patch(RequestBody.create(change.content, MediaType.get(change.type.mediaType))));
        return request.build();
    }

    private synchronized OkHttpClient http(Connection.Tls tls) throws IOException {
        Optional<Transport> known = transport;
        if (known.isPresent() && known.get().tls.equals(tls)) {
            return known.get().http;
        }
        Transport fresh = new Transport(tls, HttpClients.of(tls));
        transport = Optional.of(fresh);
        known.ifPresent(old -> release(old.http));
        return fresh.http;
    }

    private static byte[] body(Response response) throws IOException {
        BufferedSource source = response.body().source();
        if (source.request(MAX_ANSWER + 1L)) {
            throw new IOException("the answer has more than " + MAX_ANSWER + " bytes");
        }
        return source.readByteArray();
    }

    private static JsonNode parse(byte[] json) throws IOException {
        JsonNode node;
        try {
            node = READER.readTree(json);
        } catch (IOException e) {
            throw new IOException("the answer is not JSON");
        }
        if (!node.isObject()) {
            throw new IOException("the answer is not an object of JSON");
        }
        return node;
    }

    /** What the server says about it is a sentence about names and permissions, never about contents. */
    private static KubernetesException refused(String action, Response response) {
        String reason = "it answered " + response.code();
        try {
            String said = NO_TEXT.matcher(parse(body(response)).path("message").asText(""))
                    .replaceAll(" ");
            reason += said.isEmpty() ? "" : ": " + said.substring(0, Math.min(MAX_REASON, said.length()));
        } catch (IOException e) {
            // The status alone says enough; that its explanation could not be read must not hide it.
            reason += ", without an explanation";
        }
        return new KubernetesException(failed(action, reason), response.code());
    }

    private static String failed(String action, String reason) {
        return "Tried to " + action + " at the Kubernetes API but failed because: " + reason;
    }

    private static void release(OkHttpClient http) {
        http.dispatcher().executorService().shutdown();
        http.connectionPool().evictAll();
    }

    /** Ends what is under way, from any thread. */
    @Override
    public void close() {
        closed = true;
        calls.forEach(Call::cancel);
        transport.ifPresent(open -> release(open.http));
    }
}
