package dev.sluice.e2e.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** An image with layers of its own whose config is another image's: it claims the other one's diff IDs. */
public final class Forgery {

    private static final String TAG = "latest";

    private final ObjectMapper json = new ObjectMapper();
    private final Path layout;

    private Forgery(Path layout) {
        this.layout = layout;
    }

    /**
     * Pushes an image that has the layers of one image and the config of another. All three are in plain HTTP registries.
     *
     * @param work an empty directory
     */
    public static void push(String layersOf, String configOf, String target, Path work) throws IOException {
        Path own = work.resolve("own");
        Path foreign = work.resolve("foreign");
        ImagePublisher.fetch(layersOf, own, TAG);
        ImagePublisher.fetch(configOf, foreign, TAG);
        new Forgery(own).takeConfigOf(new Forgery(foreign));
        ImagePublisher.push(own, TAG, target);
    }

    private void takeConfigOf(Forgery foreign) throws IOException {
        JsonNode config = foreign.manifest().path("config");
        String digest = config.path("digest").asText();
        Files.copy(foreign.blob(digest), blob(digest), StandardCopyOption.REPLACE_EXISTING);
        ObjectNode forged = manifest();
        forged.set("config", config);
        byte[] bytes = json.writeValueAsBytes(forged);
        String forgedDigest = "sha256:" + Digests.sha256(bytes);
        Files.write(blob(forgedDigest), bytes);
        ObjectNode index = index();
        ((ObjectNode) index.path("manifests").path(0))
                .put("digest", forgedDigest)
                .put("size", bytes.length);
        json.writeValue(layout.resolve("index.json").toFile(), index);
    }

    private ObjectNode manifest() throws IOException {
        String digest = index().path("manifests").path(0).path("digest").asText();
        return (ObjectNode) json.readTree(blob(digest).toFile());
    }

    private ObjectNode index() throws IOException {
        return (ObjectNode) json.readTree(layout.resolve("index.json").toFile());
    }

    private Path blob(String digest) {
        return layout.resolve("blobs").resolve(digest.replace(':', '/'));
    }
}
