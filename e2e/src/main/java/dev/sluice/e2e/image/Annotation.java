package dev.sluice.e2e.image;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** An annotation of an image's manifest. With it the manifest is another one; the layers stay the same. */
public record Annotation(String name, String value) {

    /** Adds it to the one image of an OCI layout. */
    public void addTo(Path layout) throws IOException {
        ObjectMapper json = new ObjectMapper();
        ObjectNode index =
                (ObjectNode) json.readTree(layout.resolve("index.json").toFile());
        ObjectNode image = (ObjectNode) index.path("manifests").path(0);
        ObjectNode manifest = (ObjectNode)
                json.readTree(blob(layout, image.path("digest").asText()).toFile());
        manifest.withObjectProperty("annotations").put(name, value);
        byte[] bytes = json.writeValueAsBytes(manifest);
        String digest = "sha256:" + Digests.sha256(bytes);
        Files.write(blob(layout, digest), bytes);
        image.put("digest", digest).put("size", bytes.length);
        json.writeValue(layout.resolve("index.json").toFile(), index);
    }

    private static Path blob(Path layout, String digest) {
        return layout.resolve("blobs").resolve(digest.replace(':', '/'));
    }
}
