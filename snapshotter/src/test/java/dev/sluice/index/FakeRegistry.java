package dev.sluice.index;

import static java.util.stream.Collectors.joining;

import dev.sluice.registry.CredentialSource;
import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.InvalidManifestException;
import dev.sluice.registry.Manifest;
import dev.sluice.registry.MediaTypes;
import dev.sluice.registry.RegistryClient;
import dev.sluice.registry.RegistryOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import okio.Buffer;

/** A registry in memory with the referrers API and one repository. Believes every digest that it is told, as an attacker's would. */
final class FakeRegistry extends Dispatcher implements AutoCloseable {
    private static final String API = "/v2/team/app/";

    private final MockWebServer server = new MockWebServer();
    private final Map<String, byte[]> blobs = new LinkedHashMap<>();
    private final Map<String, byte[]> manifests = new LinkedHashMap<>();
    /** Method and path of each, in order. */
    final List<String> requests = new CopyOnWriteArrayList<>();

    volatile int failsWith;

    FakeRegistry() throws IOException {
        server.setDispatcher(this);
        server.start();
    }

    ImageReference image() {
        return ImageReference.parse("127.0.0.1:" + server.getPort() + "/team/app:v1");
    }

    RegistryClient client() {
        return new RegistryClient(
                RegistryOptions.defaults()
                        .withPlainHttpHosts(Set.of(image().host()))
                        .withRetries(new RegistryOptions.Retries(
                                0, Duration.ofMillis(1), Duration.ofMillis(1), Duration.ofMillis(1))),
                CredentialSource.anonymous());
    }

    synchronized void putBlob(Digest digest, byte[] content) {
        blobs.put(digest.toString(), content);
    }

    /** Returns its digest. */
    synchronized Digest putManifest(byte[] content) {
        Digest digest = Digest.sha256(content);
        manifests.put(digest.toString(), content);
        return digest;
    }

    synchronized void replaceManifest(Digest digest, byte[] content) {
        manifests.put(digest.toString(), content);
    }

    synchronized Set<String> blobs() {
        return Set.copyOf(blobs.keySet());
    }

    synchronized Set<String> manifests() {
        return Set.copyOf(manifests.keySet());
    }

    long requests(String part) {
        return requests.stream().filter(request -> request.contains(part)).count();
    }

    @Override
    public synchronized MockResponse dispatch(RecordedRequest request) {
        String path = request.getUrl().encodedPath();
        requests.add(request.getMethod() + " " + path);
        if (failsWith != 0) {
            return status(failsWith).build();
        }
        String rest = path.startsWith(API) ? path.substring(API.length()) : "";
        String name = rest.substring(rest.lastIndexOf('/') + 1);
        byte[] body =
                request.getBody() == null ? new byte[0] : request.getBody().toByteArray();
        return switch (request.getMethod() + " " + rest.substring(0, rest.length() - name.length())) {
            case "GET manifests/" -> found(manifests, name, MediaTypes.OCI_MANIFEST);
            case "GET blobs/" -> found(blobs, name, "application/octet-stream");
            case "HEAD blobs/" -> status(blobs.containsKey(name) ? 200 : 404).build();
            case "POST blobs/uploads/" ->
                status(202).setHeader("Location", API + "blobs/uploads/1").build();
            case "PUT blobs/uploads/" -> {
                blobs.put(String.valueOf(request.getUrl().queryParameter("digest")), body);
                yield status(201).build();
            }
            case "PUT manifests/" -> {
                manifests.put(name, body);
                yield status(201)
                        .setHeader("OCI-Subject", subject(body).orElse("none"))
                        .build();
            }
            case "DELETE manifests/" ->
                status(manifests.remove(name) == null ? 404 : 202).build();
            case "GET referrers/" -> referrers(name);
            default -> status(404).build();
        };
    }

    private static MockResponse.Builder status(int status) {
        return new MockResponse.Builder().code(status);
    }

    private static MockResponse found(Map<String, byte[]> content, String name, String type) {
        byte[] known = content.get(name);
        return known == null
                ? status(404).build()
                : status(200)
                        .setHeader("Content-Type", type)
                        .body(new Buffer().write(known))
                        .build();
    }

    private static Optional<Manifest> parse(byte[] manifest) {
        try {
            return Optional.of(Manifest.parse(manifest, MediaTypes.OCI_MANIFEST));
        } catch (InvalidManifestException e) {
            return Optional.empty();
        }
    }

    private static Optional<String> subject(byte[] manifest) {
        return parse(manifest)
                .flatMap(Manifest::subject)
                .map(Descriptor::digest)
                .map(Digest::toString);
    }

    private MockResponse referrers(String subject) {
        String entries = manifests.entrySet().stream()
                .filter(known -> subject(known.getValue()).equals(Optional.of(subject)))
                .map(known -> entry(known.getKey(), known.getValue()))
                .collect(joining(","));
        String list =
                "{\"schemaVersion\":2,\"mediaType\":\"" + MediaTypes.OCI_INDEX + "\",\"manifests\":[" + entries + "]}";
        return status(200)
                .setHeader("Content-Type", MediaTypes.OCI_INDEX)
                .body(list)
                .build();
    }

    private static String entry(String digest, byte[] content) {
        Manifest manifest = parse(content).orElseThrow();
        String annotations = manifest.annotations().entrySet().stream()
                .map(annotation -> "\"" + annotation.getKey() + "\":\"" + annotation.getValue() + "\"")
                .collect(joining(","));
        return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d,\"artifactType\":\"%s\",\"annotations\":{%s}}"
                .formatted(
                        manifest.mediaType(),
                        digest,
                        content.length,
                        manifest.artifactType().orElse(""),
                        annotations);
    }

    @Override
    public void close() {
        server.close();
    }
}
