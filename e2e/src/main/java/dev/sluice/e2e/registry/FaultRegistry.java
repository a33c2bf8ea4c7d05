package dev.sluice.e2e.registry;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/**
 * A registry on a loopback port that gives what a real one behind it gives, and misbehaves when it is told to. Reading only; HTTP/1.1
 * without TLS. Thread-safe.
 */
public final class FaultRegistry implements AutoCloseable {
    private static final Pattern BLOB = Pattern.compile("/v2/.+/blobs/sha256:[0-9a-f]{64}");
    private static final int MAX_HEAD = 64 << 10;
    private static final List<String> PASSED_ON = List.of("accept", "range", "if-range", "if-none-match");
    private static final Set<String> KEPT_BACK = Set.of("connection", "transfer-encoding", "date");

    private final int upstream;
    private final Optional<Account> account;
    private final ServerSocket server;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final CountDownLatch over = new CountDownLatch(1);
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final Set<String> tokens = ConcurrentHashMap.newKeySet();
    private final Map<String, String> redirected = new ConcurrentHashMap<>();
    private final AtomicLong numbers = new AtomicLong();
    private final AtomicLong redirectsGiven = new AtomicLong();
    private volatile boolean revoked;
    private volatile boolean down;
    private volatile Misbehaviour misbehaviour = new Misbehaviour(Optional.empty(), 0);

    /** Who may read; with tokens, which last as long as nobody revokes them. */
    public record Account(String user, String password) {
        @Override
        public String toString() {
            return "Account[" + user + "]";
        }

        /** As it stands in Docker's {@code config.json}. */
        public String auth() {
            return Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Which fault there is, for how many requests more, and how many it has met. */
    private static final class Misbehaviour {
        private final Optional<Fault> fault;
        private final AtomicLong left;
        private final AtomicLong met = new AtomicLong();

        private Misbehaviour(Optional<Fault> fault, long times) {
            this.fault = fault;
            this.left = new AtomicLong(times);
        }

        private Optional<Fault> next() {
            if (fault.isEmpty() || left.getAndDecrement() <= 0) {
                return Optional.empty();
            }
            met.incrementAndGet();
            return fault;
        }
    }

    private record Request(String method, String target, Map<String, String> headers) {
        private String path() {
            int query = target.indexOf('?');
            return query < 0 ? target : target.substring(0, query);
        }
    }

    private FaultRegistry(int upstream, Optional<Account> account, ServerSocket server) {
        this.upstream = upstream;
        this.account = account;
        this.server = server;
    }

    /**
     * Starts one in front of a registry on another loopback port.
     *
     * @param account who may read; anybody if it is empty
     */
    public static FaultRegistry start(int upstreamPort, Optional<Account> account) throws IOException {
        ServerSocket server = new ServerSocket(0, 512, InetAddress.getLoopbackAddress());
        FaultRegistry registry = new FaultRegistry(upstreamPort, account, server);
        Pipe.startThread("fault registry", registry::accept);
        return registry;
    }

    /** Host and port as they stand in an image reference. */
    public String address() {
        return "127.0.0.1:" + server.getLocalPort();
    }

    /** From now on requests for blobs meet this fault, so many of them; what is going on goes on. */
    public void misbehave(Fault fault, long times) {
        misbehaviour = new Misbehaviour(Optional.of(fault), times);
    }

    /** From now on everything is as it should be; what has begun otherwise is cut off. */
    public void behave() {
        misbehaviour = new Misbehaviour(Optional.empty(), 0);
        down = false;
        revoked = false;
        sockets.forEach(FaultRegistry::closeQuietly);
    }

    /** From now on every connection is reset, also those that are open. */
    public void goDown() {
        misbehaviour = new Misbehaviour(Optional.empty(), 0);
        down = true;
        sockets.forEach(FaultRegistry::closeQuietly);
    }

    /** From now on no token and no password is good any more. */
    public void revokeCredentials() {
        misbehaviour = new Misbehaviour(Optional.empty(), 0);
        revoked = true;
        tokens.clear();
    }

    /** How many requests have met what was asked for last. */
    public long met() {
        return misbehaviour.met.get();
    }

    /** How often clients were sent elsewhere so far. */
    public long redirects() {
        return redirectsGiven.get();
    }

    @Override
    public void close() throws IOException {
        over.countDown();
        server.close();
        sockets.forEach(FaultRegistry::closeQuietly);
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                sockets.add(socket);
                Pipe.startThread("fault registry connection", () -> serve(socket));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            Wire wire = new Wire(socket, over);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            while (wire.isOpen()) {
                Optional<Request> request = down ? Optional.empty() : read(in);
                if (down) {
                    misbehaviour.met.incrementAndGet();
                    wire.reset();
                } else if (request.isEmpty()) {
                    return;
                } else {
                    answer(request.get(), wire);
                }
            }
        } catch (IOException e) {
            // The client went away, or the connection was cut off on purpose.
            return;
        } finally {
            sockets.remove(socket);
        }
    }

    /** Empty at the end of the connection, or if it is not HTTP. */
    private static Optional<Request> read(InputStream in) throws IOException {
        String[] first = line(in).split(" ", -1);
        Map<String, String> headers = new LinkedHashMap<>();
        String line = first.length == 3 ? line(in) : "";
        while (!line.isEmpty()) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, Math.max(0, colon)).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
            line = line(in);
        }
        return first.length == 3 ? Optional.of(new Request(first[0], first[1], headers)) : Optional.empty();
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        int next = in.read();
        while (next >= 0 && next != '\n' && line.length() < MAX_HEAD) {
            if (next != '\r') {
                line.append((char) next);
            }
            next = in.read();
        }
        return line.toString();
    }

    private void answer(Request request, Wire wire) throws IOException {
        if (request.path().equals("/token")) {
            wire.send(token(request));
        } else if (request.path().startsWith("/store/")) {
            wire.send(stored(request));
        } else if (account.isPresent() && !hasToken(request)) {
            wire.send(Answer.of(401, "application/json", new byte[0])
                    .with("www-authenticate", "Bearer realm=\"http://" + address() + "/token\",service=\"faults\""));
        } else {
            boolean blob = request.method().equals("GET")
                    && BLOB.matcher(request.path()).matches();
            Optional<Fault> fault = blob ? misbehaviour.next() : Optional.empty();
            Answer good = upstream(request);
            if (fault.isPresent()) {
                fault.get().answer(good, redirect(request), wire);
            } else {
                wire.send(good);
            }
        }
    }

    private boolean hasToken(Request request) {
        String value = request.headers().getOrDefault("authorization", "");
        return value.startsWith("Bearer ") && tokens.contains(value.substring("Bearer ".length()));
    }

    private Answer token(Request request) {
        String basic = request.headers().getOrDefault("authorization", "");
        boolean known = account.filter(a -> basic.equals("Basic " + a.auth())).isPresent();
        if (revoked || !known) {
            return Answer.of(401, "application/json", new byte[0]);
        }
        String token = "token-" + numbers.incrementAndGet();
        tokens.add(token);
        return Answer.of(
                200,
                "application/json",
                ("{\"token\": \"" + token + "\", \"expires_in\": 3600}").getBytes(StandardCharsets.UTF_8));
    }

    private Answer redirect(Request request) {
        String place = "/store/" + numbers.incrementAndGet();
        redirected.put(place, request.target());
        redirectsGiven.incrementAndGet();
        return Answer.of(307, "text/plain", new byte[0]).with("location", "http://" + address() + place);
    }

    /** Each place knows a client once. */
    private Answer stored(Request request) throws IOException {
        String target = redirected.remove(request.path());
        return target == null
                ? Answer.of(403, "text/plain", new byte[0])
                : upstream(new Request(request.method(), target, request.headers()));
    }

    private Answer upstream(Request request) throws IOException {
        HttpRequest.Builder forwarded = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + upstream + request.target()))
                .method(request.method(), HttpRequest.BodyPublishers.noBody());
        PASSED_ON.forEach(name ->
                Optional.ofNullable(request.headers().get(name)).ifPresent(value -> forwarded.header(name, value)));
        try {
            HttpResponse<byte[]> response = http.send(forwarded.build(), HttpResponse.BodyHandlers.ofByteArray());
            Map<String, String> headers = new LinkedHashMap<>();
            response.headers().map().forEach((name, values) -> {
                if (!KEPT_BACK.contains(name.toLowerCase(Locale.ROOT))) {
                    headers.put(name.toLowerCase(Locale.ROOT), String.join(", ", values));
                }
            });
            boolean head = request.method().equals("HEAD");
            if (!head) {
                headers.put("content-length", String.valueOf(response.body().length));
            }
            return new Answer(response.statusCode(), headers, head ? new byte[0] : response.body());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            // It is gone either way.
            return;
        }
    }
}
