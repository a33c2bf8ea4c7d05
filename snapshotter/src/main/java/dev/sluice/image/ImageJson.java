package dev.sluice.image;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.registry.Digest;
import dev.sluice.registry.MediaTypes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Reads what {@code registry} leaves unread: image configs, and manifests that nobody told the media type of. */
final class ImageJson {
    /** Far more than overlayfs can stack. */
    private static final int MAX_LAYERS = 4096;

    private final ObjectMapper mapper = new ObjectMapper();

    /**
     * The diff IDs in an image config, from the lowest layer to the topmost.
     *
     * @throws InvalidImageException if it is no image config
     */
    List<Digest> diffIds(byte[] config) throws InvalidImageException {
        JsonNode rootfs = parse(config).path("rootfs");
        JsonNode diffIds = rootfs.path("diff_ids");
        if (!rootfs.path("type").asText().equals("layers") || !diffIds.isArray()) {
            throw new InvalidImageException("the config has no rootfs of layers");
        }
        if (diffIds.size() > MAX_LAYERS) {
            throw new InvalidImageException("the config has " + diffIds.size() + " layers");
        }
        List<Digest> all = new ArrayList<>(diffIds.size());
        for (JsonNode diffId : diffIds) {
            try {
                all.add(Digest.parse(diffId.asText()));
            } catch (IllegalArgumentException e) {
                throw new InvalidImageException("a diff ID of the config is malformed: " + e.getMessage(), e);
            }
        }
        return List.copyOf(all);
    }

    /** What a manifest calls itself; an OCI manifest need not. */
    String mediaType(byte[] manifest) throws InvalidImageException {
        return parse(manifest).path("mediaType").asText(MediaTypes.OCI_MANIFEST);
    }

    private JsonNode parse(byte[] json) throws InvalidImageException {
        try {
            return mapper.readTree(json);
        } catch (JsonProcessingException e) {
            // Without the cause, whose message quotes the document.
            String line = e.getLocation() == null
                    ? ""
                    : ", at line " + e.getLocation().getLineNr();
            throw new InvalidImageException("not JSON" + line);
        } catch (IOException e) {
            throw new InvalidImageException("not JSON", e);
        }
    }
}
