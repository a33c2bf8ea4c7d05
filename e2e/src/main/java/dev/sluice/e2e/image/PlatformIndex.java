package dev.sluice.e2e.image;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/** Makes an index of images for several platforms in a plain HTTP registry. */
public final class PlatformIndex {

    private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    private static final String INDEX = "application/vnd.oci.image.index.v1+json";

    private PlatformIndex() {}

    /**
     * Publishes the index beside its images.
     *
     * @param repository such as {@code 127.0.0.1:5000/name}, which has all the images
     * @param tag of the index
     * @param tags of the images, by architecture
     */
    public static void publish(String repository, String tag, Map<String, String> tags) throws IOException {
        ObjectNode index =
                new ObjectMapper().createObjectNode().put("schemaVersion", 2).put("mediaType", INDEX);
        index.putArray("manifests");
        for (Map.Entry<String, String> image : new TreeMap<>(tags).entrySet()) {
            byte[] manifest = send(HttpRequest.newBuilder(manifest(repository, image.getValue()))
                            .header("Accept", MANIFEST)
                            .build())
                    .body();
            ObjectNode descriptor = index.withArray("manifests")
                    .addObject()
                    .put("mediaType", MANIFEST)
                    .put("digest", "sha256:" + Digests.sha256(manifest))
                    .put("size", manifest.length);
            descriptor.putObject("platform").put("architecture", image.getKey()).put("os", "linux");
        }
        byte[] body = index.toString().getBytes(StandardCharsets.UTF_8);
        send(HttpRequest.newBuilder(manifest(repository, tag))
                .header("Content-Type", INDEX)
                .PUT(HttpRequest.BodyPublishers.ofByteArray(body))
                .build());
    }

    private static URI manifest(String repository, String tag) {
        int slash = repository.indexOf('/');
        return URI.create("http://" + repository.substring(0, slash) + "/v2/" + repository.substring(slash + 1)
                + "/manifests/" + tag);
    }

    private static HttpResponse<byte[]> send(HttpRequest request) throws IOException {
        try {
            HttpResponse<byte[]> response =
                    HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofByteArray());
            if (response.statusCode() / 100 != 2) {
                throw new IOException("Tried to " + request.method() + " " + request.uri()
                        + " but failed because: HTTP status " + response.statusCode());
            }
            return response;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(
                    "Tried to " + request.method() + " " + request.uri() + " but failed because: interrupted", e);
        }
    }
}
