package dev.sluice.e2e.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;

/**
 * An image manifest as a plain HTTP registry serves it.
 *
 * @param layers their descriptors, the lowest first
 */
public record RemoteManifest(List<JsonNode> layers) {

    private static final String OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";

    public RemoteManifest {
        layers = List.copyOf(layers);
    }

    /** @param reference such as {@code 127.0.0.1:5000/name:tag} */
    public static RemoteManifest fetch(String reference) throws IOException {
        int slash = reference.indexOf('/');
        int colon = reference.lastIndexOf(':');
        URI uri = URI.create("http://" + reference.substring(0, slash) + "/v2/" + reference.substring(slash + 1, colon)
                + "/manifests/" + reference.substring(colon + 1));
        HttpRequest request =
                HttpRequest.newBuilder(uri).header("Accept", OCI_MANIFEST).build();
        try {
            HttpResponse<String> response =
                    HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new IOException(
                        "Tried to read " + uri + " but failed because: HTTP status " + response.statusCode());
            }
            List<JsonNode> layers = new ArrayList<>();
            new ObjectMapper().readTree(response.body()).path("layers").forEach(layers::add);
            return new RemoteManifest(layers);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Tried to read " + uri + " but failed because: interrupted", e);
        }
    }

    /** Sum of the compressed sizes of all layers, in bytes. */
    public long layerBytes() {
        return layers.stream().mapToLong(layer -> layer.path("size").asLong()).sum();
    }
}
