package dev.sluice.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/** The registry of Debian's package docker-registry (the distribution project's), as a process on a loopback port. */
final class DebianRegistry implements AutoCloseable {
    static final Path EXECUTABLE = Path.of("/usr/bin/docker-registry");
    static final String USER = "alice";
    static final String PASSWORD = "s3cret";

    /** bcrypt of the password. */
    private static final String HTPASSWD = "alice:$2y$05$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK\n";

    private static final Pattern LISTENING = Pattern.compile("listening on 127\\.0\\.0\\.1:(\\d+)");

    private final Process process;
    private final int port;
    private final boolean authenticated;
    private final OkHttpClient http = new OkHttpClient();

    /**
     * Starts one.
     *
     * @param directory takes its configuration and its content
     * @param store where clients are sent for blobs; their paths are those of the files in the directory {@code content}
     * @param authenticated whether it wants {@link #USER} and {@link #PASSWORD}
     */
    DebianRegistry(Path directory, Optional<String> store, boolean authenticated) throws IOException {
        this.authenticated = authenticated;
        Path configuration = directory.resolve("config.yml");
        Files.writeString(directory.resolve("htpasswd"), HTPASSWD);
        Files.writeString(configuration, configuration(directory, store));
        Path log = directory.resolve("log");
        process = new ProcessBuilder(EXECUTABLE.toString(), "serve", configuration.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        port = awaitPort(log);
    }

    private String configuration(Path directory, Optional<String> store) {
        String auth = """
                auth:
                  htpasswd:
                    realm: test
                    path: %s/htpasswd
                """.formatted(directory);
        String redirect = store.map("""
                middleware:
                  storage:
                    - name: redirect
                      options:
                        baseurl: %s
                """::formatted).orElse("");
        return """
                version: 0.1
                storage:
                  filesystem:
                    rootdirectory: %s/content
                  delete:
                    enabled: true
                http:
                  addr: 127.0.0.1:0
                """.formatted(directory) + (authenticated ? auth : "") + redirect;
    }

    private int awaitPort(Path log) throws IOException {
        await().atMost(Duration.ofMinutes(1))
                .until(() -> !process.isAlive() || port(log).isPresent());
        Optional<Integer> found = port(log);
        if (found.isEmpty()) {
            close();
            throw new IOException("docker-registry did not start: " + Files.readString(log));
        }
        return found.get();
    }

    private static Optional<Integer> port(Path log) throws IOException {
        Matcher matcher = LISTENING.matcher(Files.readString(log));
        return matcher.find() ? Optional.of(Integer.parseInt(matcher.group(1))) : Optional.empty();
    }

    String host() {
        return "127.0.0.1:" + port;
    }

    Descriptor push(String repository, byte[] blob, String mediaType) throws IOException {
        Digest digest = Digest.sha256(blob);
        HttpUrl uploads = HttpUrl.get("http://" + host() + "/v2/" + repository + "/blobs/uploads/");
        HttpUrl location;
        try (Response started = send(new Request.Builder().url(uploads).post(RequestBody.create(new byte[0])))) {
            location = HttpUrl.get(String.valueOf(started.header("Location")));
        }
        HttpUrl target = location.newBuilder()
                .addQueryParameter("digest", digest.toString())
                .build();
        send(new Request.Builder().url(target).put(RequestBody.create(blob))).close();
        return new Descriptor(mediaType, digest, blob.length);
    }

    void pushManifest(String repository, String version, byte[] manifest, String mediaType) throws IOException {
        HttpUrl url = HttpUrl.get("http://" + host() + "/v2/" + repository + "/manifests/" + version);
        RequestBody body = RequestBody.create(manifest, MediaType.get(mediaType));
        send(new Request.Builder().url(url).put(body)).close();
    }

    private Response send(Request.Builder request) throws IOException {
        if (authenticated) {
            request.header("Authorization", Authorization.basicValue(USER, PASSWORD));
        }
        Response response = http.newCall(request.build()).execute();
        if (!response.isSuccessful()) {
            throw new IOException("docker-registry answered " + response.code() + " "
                    + new String(response.body().bytes(), UTF_8));
        }
        return response;
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
    }
}
