package dev.sluice.registry;

import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import okhttp3.OkHttpClient;
import okio.Buffer;

/** An HTTP server on a loopback port that gives the answers of a script, one after the other. */
final class ScriptedRegistry implements AutoCloseable {
    static final String REPOSITORY = "team/app";

    private final MockWebServer server = new MockWebServer();

    ScriptedRegistry() throws IOException {
        server.start();
    }

    ScriptedRegistry answers(MockResponse.Builder response) {
        server.enqueue(response.build());
        return this;
    }

    /** The next request that arrived; fails if there is none. */
    RecordedRequest request() throws InterruptedException {
        RecordedRequest request = server.takeRequest(10, TimeUnit.SECONDS);
        if (request == null) {
            throw new AssertionError("no other request arrived");
        }
        return request;
    }

    int requests() {
        return server.getRequestCount();
    }

    MockWebServer server() {
        return server;
    }

    String host() {
        return "127.0.0.1:" + server.getPort();
    }

    String url(String path) {
        return "http://" + host() + path;
    }

    ImageReference image(String tag) {
        return new ImageReference(host(), REPOSITORY, Optional.of(tag), Optional.empty());
    }

    RegistryClient client(TimeSource time) {
        return client(time, CredentialSource.anonymous(), RegistryOptions.defaults());
    }

    RegistryClient client(TimeSource time, CredentialSource credentials, RegistryOptions options) {
        // It takes a TLS handshake for a request.
        Set<String> plain = new HashSet<>(options.plainHttpHosts());
        plain.add(host());
        return new RegistryClient(
                options.withPlainHttpHosts(plain), credentials, time, new Random(1), new OkHttpClient());
    }

    /** Defaults, but a request and a stall take so long. */
    static RegistryOptions impatient(Duration within) {
        RegistryOptions.Timeouts defaults = RegistryOptions.Timeouts.defaults();
        return RegistryOptions.defaults()
                .withTimeouts(new RegistryOptions.Timeouts(
                        defaults.connect(), within, defaults.operation(), within, defaults.progress()));
    }

    static MockResponse.Builder status(int code) {
        return new MockResponse.Builder().code(code);
    }

    static MockResponse.Builder ok(byte[] body) {
        return status(200).body(new Buffer().write(body));
    }

    /** The answer to a range request, as it should be. */
    static MockResponse.Builder partial(byte[] blob, int offset, int length) {
        return status(206)
                .setHeader("Content-Range", "bytes " + offset + "-" + (offset + length - 1) + "/" + blob.length)
                .body(new Buffer().write(blob, offset, length));
    }

    static MockResponse.Builder redirect(String url) {
        return status(307).setHeader("Location", url);
    }

    @Override
    public void close() {
        server.close();
    }
}
