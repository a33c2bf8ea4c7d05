package dev.sluice.mount;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.mount.ImageMounts.ImageMount;
import dev.sluice.mount.LazyLayers.LayerKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/** {@code image-mounts.json}: what {@code sluice mount} has mounted. Replaced as a whole. */
record ImageMountFile(Path path) {
    private static final String MAGIC = "sluice-image-mounts";
    private static final int VERSION = 1;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    List<ImageMount> read() throws IOException {
        if (!Files.exists(path)) {
            return List.of();
        }
        JsonNode root = JSON.readTree(Files.readAllBytes(path));
        if (!MAGIC.equals(root.path("magic").asText()) || root.path("version").asInt() != VERSION) {
            throw new IOException(path + " is not a list of image mounts of version " + VERSION);
        }
        List<ImageMount> mounts = new ArrayList<>();
        for (JsonNode mount : root.path("mounts")) {
            List<LayerKey> layers = new ArrayList<>();
            mount.path("layers").forEach(layer -> layers.add(new LayerKey(layer.asText())));
            mounts.add(new ImageMount(
                    mount.path("reference").asText(),
                    Path.of(mount.path("directory").asText()),
                    layers));
        }
        return mounts;
    }

    void write(List<ImageMount> mounts) throws IOException {
        ObjectNode root = JSON.createObjectNode().put("magic", MAGIC).put("version", VERSION);
        ArrayNode array = root.putArray("mounts");
        for (ImageMount mount : mounts) {
            ObjectNode node = array.addObject()
                    .put("reference", mount.reference())
                    .put("directory", mount.directory().toString());
            ArrayNode layers = node.putArray("layers");
            mount.layers().forEach(layer -> layers.add(layer.value()));
        }
        Path temporary = path.resolveSibling(path.getFileName() + ".tmp");
        Files.write(temporary, JSON.writeValueAsBytes(root));
        Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
    }
}
