package dev.sluice.e2e.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * An image manifest as a plain HTTP registry serves it, with what the image's config says of the layers.
 *
 * @param layers their descriptors, the lowest first
 * @param diffIds digests of their uncompressed bytes, in the same order
 */
public record RemoteManifest(List<JsonNode> layers, List<String> diffIds) {

    private static final String OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    private static final String OCI_INDEX = "application/vnd.oci.image.index.v1+json";
    /** Docker's own, with the same fields. */
    private static final String DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";

    public RemoteManifest {
        layers = List.copyOf(layers);
        diffIds = List.copyOf(diffIds);
    }

    /** @param reference such as {@code 127.0.0.1:5000/name:tag}; of several manifests the first counts */
    public static RemoteManifest fetch(String reference) throws IOException {
        int slash = reference.indexOf('/');
        int colon = reference.lastIndexOf(':');
        String repository = "http://" + reference.substring(0, slash) + "/v2/" + reference.substring(slash + 1, colon);
        JsonNode manifest = get(repository + "/manifests/" + reference.substring(colon + 1));
        if (manifest.has("manifests")) {
            manifest = get(repository + "/manifests/"
                    + manifest.path("manifests").path(0).path("digest").asText());
        }
        JsonNode config = get(
                repository + "/blobs/" + manifest.path("config").path("digest").asText());
        List<JsonNode> layers = new ArrayList<>();
        manifest.path("layers").forEach(layers::add);
        List<String> diffIds = new ArrayList<>();
        config.path("rootfs").path("diff_ids").forEach(diffId -> diffIds.add(diffId.asText()));
        return new RemoteManifest(layers, diffIds);
    }

    private static JsonNode get(String uri) throws IOException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(uri))
                .header("Accept", OCI_MANIFEST)
                .header("Accept", DOCKER_MANIFEST)
                .header("Accept", OCI_INDEX)
                .build();
        try {
            HttpResponse<String> response =
                    HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new IOException(
                        "Tried to read " + uri + " but failed because: HTTP status " + response.statusCode());
            }
            return new ObjectMapper().readTree(response.body());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Tried to read " + uri + " but failed because: interrupted", e);
        }
    }

    /** Names all layers together, as the OCI image spec defines it; snapshots are called so. */
    public String chainId() {
        String chain = diffIds.get(0);
        for (String diffId : diffIds.subList(1, diffIds.size())) {
            chain = "sha256:" + Digests.sha256((chain + " " + diffId).getBytes(StandardCharsets.US_ASCII));
        }
        return chain;
    }

    /** Sum of the compressed sizes of all layers, in bytes. */
    public long layerBytes() {
        return layers.stream().mapToLong(layer -> layer.path("size").asLong()).sum();
    }

    /** The same with layers that stand more than once counted once. */
    public long distinctLayerBytes() {
        return layers.stream()
                .distinct()
                .mapToLong(layer -> layer.path("size").asLong())
                .sum();
    }
}
