package dev.sluice.e2e.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** An image in a plain HTTP registry whose SOCI index lies. */
public final class SociForgery {
    private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    private static final String INDEX = "application/vnd.oci.image.index.v1+json";
    private static final String PIN = "com.amazon.soci.index-digest";

    private final ObjectMapper json = new ObjectMapper();
    private final String repository;

    /** What is made of the ztocs of an image, in their order. */
    @FunctionalInterface
    public interface Lie {
        List<byte[]> of(List<byte[]> ztocs);
    }

    private SociForgery(String repository) {
        this.repository = repository;
    }

    /**
     * Publishes an image with the layers of another one and other ztocs.
     *
     * @param source an image that soci has converted
     * @param tag of the new image in the same repository
     * @return its reference
     */
    public static String push(String source, String tag, Lie lie) throws IOException {
        int slash = source.indexOf('/');
        int colon = source.lastIndexOf(':');
        String uri = "http://" + source.substring(0, slash) + "/v2/" + source.substring(slash + 1, colon);
        new SociForgery(uri).forge(source.substring(colon + 1), tag, lie);
        return source.substring(0, colon + 1) + tag;
    }

    /** Changes the digests of all spans. */
    public static List<byte[]> otherDigests(List<byte[]> ztocs) {
        List<byte[]> changed = new ArrayList<>();
        for (byte[] ztoc : ztocs) {
            String text = new String(ztoc, StandardCharsets.ISO_8859_1);
            byte[] bytes = ztoc.clone();
            for (int at = text.indexOf("sha256:"); at >= 0; at = text.indexOf("sha256:", at + 1)) {
                int digit = at + "sha256:".length();
                bytes[digit] = (byte) (bytes[digit] == '0' ? '1' : '0');
            }
            changed.add(bytes);
        }
        return changed;
    }

    private void forge(String sourceTag, String tag, Lie lie) throws IOException {
        ObjectNode list = (ObjectNode) json.readTree(get("/manifests/" + sourceTag));
        ObjectNode image = (ObjectNode) manifest(list.path("manifests").path(0));
        ObjectNode soci = (ObjectNode) json.readTree(
                get("/manifests/" + image.path("annotations").path(PIN).asText()));
        List<byte[]> ztocs = new ArrayList<>();
        for (JsonNode layer : soci.path("layers")) {
            ztocs.add(get("/blobs/" + layer.path("digest").asText()));
        }
        List<byte[]> lies = lie.of(ztocs);
        for (int i = 0; i < lies.size(); i++) {
            ((ObjectNode) soci.path("layers").path(i))
                    .put("digest", putBlob(lies.get(i)))
                    .put("size", lies.get(i).length);
        }
        String sociDigest = putManifest(soci, "");
        ((ObjectNode) image.path("annotations")).put(PIN, sociDigest);
        putManifest(image, tag);
    }

    private JsonNode manifest(JsonNode descriptor) throws IOException {
        return json.readTree(get("/manifests/" + descriptor.path("digest").asText()));
    }

    private byte[] get(String path) throws IOException {
        return send(HttpRequest.newBuilder(URI.create(repository + path))
                        .header("Accept", MANIFEST)
                        .header("Accept", INDEX)
                        .build())
                .body();
    }

    private String putBlob(byte[] bytes) throws IOException {
        String digest = "sha256:" + Digests.sha256(bytes);
        String upload = send(HttpRequest.newBuilder(URI.create(repository + "/blobs/uploads/"))
                        .POST(BodyPublishers.noBody())
                        .build())
                .headers()
                .firstValue("Location")
                .orElseThrow();
        send(HttpRequest.newBuilder(URI.create(repository)
                        .resolve(upload + (upload.contains("?") ? "&" : "?") + "digest=" + digest))
                .header("Content-Type", "application/octet-stream")
                .PUT(BodyPublishers.ofByteArray(bytes))
                .build());
        return digest;
    }

    /** @param tag empty to name it by its digest alone */
    private String putManifest(JsonNode manifest, String tag) throws IOException {
        byte[] bytes = json.writeValueAsBytes(manifest);
        String digest = "sha256:" + Digests.sha256(bytes);
        send(HttpRequest.newBuilder(URI.create(repository + "/manifests/" + (tag.isEmpty() ? digest : tag)))
                .header("Content-Type", MANIFEST)
                .PUT(BodyPublishers.ofByteArray(bytes))
                .build());
        return digest;
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
