package dev.sluice.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.containerd.PrivateContainerd;
import dev.sluice.registry.Digest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** A registry of our own on a port of the loopback interface. */
public final class PrivateRegistry implements AutoCloseable {
    private final Process process;
    private final int port;
    private final HttpClient http = HttpClient.newHttpClient();

    private PrivateRegistry(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    public static PrivateRegistry start(Path directory) throws IOException {
        PrivateContainerd.assumeInstalled("docker-registry");
        int port = freePort();
        Path config = directory.resolve("registry.yml");
        Files.writeString(config, """
                version: 0.1
                log: {level: error, accesslog: {disabled: true}}
                storage: {filesystem: {rootdirectory: %s}}
                http: {addr: "127.0.0.1:%d"}
                """.formatted(directory.resolve("registry"), port));
        Process process = new ProcessBuilder("docker-registry", "serve", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("registry.log").toFile())
                .start();
        await().atMost(Duration.ofMinutes(1)).until(() -> {
            assertThat(process.isAlive()).as("docker-registry ended").isTrue();
            return accepts(port);
        });
        return new PrivateRegistry(process, port);
    }

    /** A port that nobody listens on. */
    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** As it stands in references. */
    public String host() {
        return "127.0.0.1:" + port;
    }

    void putBlob(String repository, byte[] content) throws IOException {
        HttpResponse<Void> begun = send(HttpRequest.newBuilder(uri("/v2/" + repository + "/blobs/uploads/"))
                .POST(BodyPublishers.noBody()));
        assertThat(begun.statusCode()).isEqualTo(202);
        String location = begun.headers().firstValue("Location").orElseThrow();
        URI upload =
                uri("/").resolve(location + (location.contains("?") ? "&" : "?") + "digest=" + Digest.sha256(content));
        assertThat(send(HttpRequest.newBuilder(upload).PUT(BodyPublishers.ofByteArray(content)))
                        .statusCode())
                .isEqualTo(201);
    }

    void putManifest(String repository, String tagOrDigest, String mediaType, byte[] content) throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri("/v2/" + repository + "/manifests/" + tagOrDigest))
                .header("Content-Type", mediaType)
                .PUT(BodyPublishers.ofByteArray(content));
        assertThat(send(request).statusCode()).isEqualTo(201);
    }

    private HttpResponse<Void> send(HttpRequest.Builder request) throws IOException {
        try {
            return http.send(request.build(), BodyHandlers.discarding());
        } catch (InterruptedException e) {
            throw new IOException("interrupted", e);
        }
    }

    private URI uri(String path) {
        return URI.create("http://" + host() + path);
    }

    private static boolean accepts(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        process.waitFor();
    }
}
