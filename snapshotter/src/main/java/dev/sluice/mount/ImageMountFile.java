package dev.sluice.mount;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.mount.ImageMounts.ImageMount;
import dev.sluice.mount.LazyLayers.LayerKey;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code image-mounts.json}: what {@code sluice mount} has mounted. Replaced as a whole. */
record ImageMountFile(Path path) {
    private static final Logger log = LoggerFactory.getLogger(ImageMountFile.class);
    private static final String MAGIC = "sluice-image-mounts";
    private static final int VERSION = 1;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    /**
     * What was written last. A file that is damaged is put aside, with an error in the log: it must not keep snapshots from being
     * served.
     *
     * @throws IOException if it cannot be read, or another version wrote it
     */
    List<ImageMount> read() throws IOException {
        if (!Files.exists(path)) {
            return List.of();
        }
        try {
            return parse(Files.readAllBytes(path));
        } catch (JsonProcessingException | CharConversionException | IllegalArgumentException e) {
            Path aside = path.resolveSibling(path.getFileName() + ".damaged");
            log.error(
                    "{} is damaged and now called {}: what sluice mount had mounted is not mounted again, {}",
                    path,
                    aside.getFileName(),
                    e.getMessage());
            Files.move(path, aside, StandardCopyOption.REPLACE_EXISTING);
            return List.of();
        }
    }

    private List<ImageMount> parse(byte[] json) throws IOException {
        JsonNode root = JSON.readTree(json);
        if (!MAGIC.equals(root.path("magic").asText())) {
            throw new IllegalArgumentException("it is not a list of image mounts");
        }
        if (root.path("version").asInt() != VERSION) {
            throw new IOException(path + " is not a list of image mounts of version " + VERSION);
        }
        List<ImageMount> mounts = new ArrayList<>();
        for (JsonNode mount : root.path("mounts")) {
            List<LayerKey> layers = new ArrayList<>();
            for (JsonNode layer : mount.path("layers")) {
                layers.add(MountKey.parse(new LayerKey(layer.asText())).toLayerKey());
            }
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
        try (FileChannel out = FileChannel.open(temporary, CREATE, TRUNCATE_EXISTING, WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(JSON.writeValueAsBytes(root));
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true);
        }
        Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
    }
}
