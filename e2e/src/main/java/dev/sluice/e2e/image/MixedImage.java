package dev.sluice.e2e.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * An image whose layers are those of several forms of one image. Nothing but a config and a manifest has to be made: all is in one
 * repository of a plain HTTP registry.
 */
public final class MixedImage {
    private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    private static final String INDEX = "application/vnd.oci.image.index.v1+json";
    private static final String MANIFESTS = "manifests";
    private static final String ANNOTATIONS = "annotations";
    private static final String LAYERS = "layers";

    private final ObjectMapper json = new ObjectMapper();
    private final HttpClient client = HttpClient.newHttpClient();
    private final String repository;

    private MixedImage(String repository) {
        this.repository = repository;
    }

    /**
     * Pushes an image.
     *
     * @param repository such as {@code 127.0.0.1:5000/name}
     * @param tags from which to take a layer, for each layer the tag of an image of the repository; the images have equally many layers
     * @param target tag of the mixed image, which has the annotations of all those manifests
     */
    public static void push(String repository, List<String> tags, String target) throws IOException {
        int slash = repository.indexOf('/');
        new MixedImage("http://" + repository.substring(0, slash) + "/v2/" + repository.substring(slash + 1))
                .push(tags, target);
    }

    /**
     * Pushes an image whose layers have another media type.
     *
     * @param tag of an image of the repository
     * @param target tag of the image to make
     */
    public static void pushAs(String mediaType, String repository, String tag, String target) throws IOException {
        int slash = repository.indexOf('/');
        MixedImage images =
                new MixedImage("http://" + repository.substring(0, slash) + "/v2/" + repository.substring(slash + 1));
        ObjectNode manifest = images.manifest(tag);
        manifest.path(LAYERS).forEach(layer -> ((ObjectNode) layer).put("mediaType", mediaType));
        images.pushManifest(manifest, target);
    }

    private void push(List<String> tags, String target) throws IOException {
        ObjectNode mixed = manifest(tags.get(0));
        ObjectNode config = config(mixed);
        ArrayNode layers = mixed.putArray(LAYERS);
        ArrayNode diffIds = ((ObjectNode) config.path("rootfs")).putArray("diff_ids");
        config.remove("history");
        for (int i = 0; i < tags.size(); i++) {
            ObjectNode manifest = manifest(tags.get(i));
            layers.add(manifest.path(LAYERS).path(i));
            diffIds.add(config(manifest).path("rootfs").path("diff_ids").path(i));
            for (var annotation : manifest.path(ANNOTATIONS).properties()) {
                mixed.withObjectProperty(ANNOTATIONS).set(annotation.getKey(), annotation.getValue());
            }
        }
        byte[] bytes = json.writeValueAsBytes(config);
        String digest = "sha256:" + Digests.sha256(bytes);
        mixed.putObject("config")
                .put("mediaType", "application/vnd.oci.image.config.v1+json")
                .put("digest", digest)
                .put("size", bytes.length);
        pushBlob(bytes, digest);
        pushManifest(mixed, target);
    }

    /** Of the only image, where it is in an index. */
    private ObjectNode manifest(String tag) throws IOException {
        ObjectNode manifest = get("/manifests/" + tag);
        return manifest.has(MANIFESTS)
                ? get("/manifests/"
                        + manifest.path(MANIFESTS).path(0).path("digest").asText())
                : manifest;
    }

    private ObjectNode config(JsonNode manifest) throws IOException {
        return get("/blobs/" + manifest.path("config").path("digest").asText());
    }

    private ObjectNode get(String path) throws IOException {
        return (ObjectNode) json.readTree(send(HttpRequest.newBuilder(URI.create(repository + path))
                        .header("Accept", MANIFEST)
                        .header("Accept", INDEX)
                        .build())
                .body());
    }

    private void pushBlob(byte[] bytes, String digest) throws IOException {
        URI uploads = URI.create(repository + "/blobs/uploads/");
        String location = send(HttpRequest.newBuilder(uploads)
                        .POST(BodyPublishers.noBody())
                        .build())
                .headers()
                .firstValue("Location")
                .orElseThrow(
                        () -> new IOException("Tried to push a blob but failed because: no location to push it to"));
        URI upload = uploads.resolve(location + (location.contains("?") ? "&" : "?") + "digest=" + digest);
        send(HttpRequest.newBuilder(upload)
                .header("Content-Type", "application/octet-stream")
                .PUT(BodyPublishers.ofByteArray(bytes))
                .build());
    }

    private void pushManifest(ObjectNode manifest, String tag) throws IOException {
        send(HttpRequest.newBuilder(URI.create(repository + "/manifests/" + tag))
                .header("Content-Type", MANIFEST)
                .PUT(BodyPublishers.ofByteArray(json.writeValueAsBytes(manifest.put("mediaType", MANIFEST))))
                .build());
    }

    private HttpResponse<String> send(HttpRequest request) throws IOException {
        String what = "Tried to " + request.method() + " " + request.uri() + " but failed because: ";
        try {
            HttpResponse<String> response =
                    client.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
            if (response.statusCode() / 100 != 2) {
                throw new IOException(what + "HTTP status " + response.statusCode() + ", " + response.body());
            }
            return response;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(what + "interrupted", e);
        }
    }
}
