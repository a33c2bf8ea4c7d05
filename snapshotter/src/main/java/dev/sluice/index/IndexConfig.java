package dev.sluice.index;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.registry.Digest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The config of an index artifact, which is what a signature covers: JSON, {@code {"subject": D, "layers": [{"layer": D, "diffId": D,
 * "index": D, "size": N}]}} where every D is a digest.
 *
 * @param subject digest of the image's manifest
 * @param layers at least one, no layer twice
 */
record IndexConfig(Digest subject, List<LayerEntry> layers) {
    /** Far more than overlayfs can stack. */
    static final int MAX_LAYERS = 4096;

    static final int MAX_BYTES = 2 << 20;
    /** Indexes are held in memory while they are read. */
    static final int MAX_INDEX = 128 << 20;

    private static final int MAX_NESTING = 8;
    private static final ObjectReader READER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_NESTING)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build()
            .readerFor(JsonNode.class);

    /** @throws IllegalArgumentException if there is no layer, too many, one twice, or an index is too large */
    IndexConfig {
        requireNonNull(subject, "subject is null");
        layers = List.copyOf(layers);
        if (layers.isEmpty() || layers.size() > MAX_LAYERS) {
            throw new IllegalArgumentException("it has indexes of " + layers.size() + " layers");
        }
        Set<Digest> seen = new HashSet<>();
        for (LayerEntry entry : layers) {
            if (!seen.add(entry.layer())) {
                throw new IllegalArgumentException("it names the layer " + entry.layer() + " twice");
            }
            if (entry.size() < 0 || entry.size() > MAX_INDEX) {
                throw new IllegalArgumentException("the index of the layer " + entry.layer() + " has " + entry.size()
                        + " bytes, more than " + MAX_INDEX);
            }
        }
    }

    byte[] toJson() {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("subject", subject.toString());
        var array = root.putArray("layers");
        for (LayerEntry entry : layers) {
            array.addObject()
                    .put("layer", entry.layer().toString())
                    .put("diffId", entry.diffId().toString())
                    .put("index", entry.index().toString())
                    .put("size", entry.size());
        }
        return root.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** @throws InvalidIndexException if the bytes, which may be any, are no such config */
    static IndexConfig parse(byte[] json) throws InvalidIndexException {
        if (json.length > MAX_BYTES) {
            throw new InvalidIndexException("its config has " + json.length + " bytes, more than " + MAX_BYTES);
        }
        JsonNode root = object(json);
        JsonNode array = root.path("layers");
        if (!array.isArray() || array.size() > MAX_LAYERS) {
            throw new InvalidIndexException("its config has no list of layers, or too long a one");
        }
        List<LayerEntry> layers = new ArrayList<>(array.size());
        for (JsonNode node : array) {
            JsonNode size = node.path("size");
            if (!size.isIntegralNumber() || !size.canConvertToLong()) {
                throw new InvalidIndexException("its config does not tell the size of an index");
            }
            layers.add(new LayerEntry(
                    digest(node, "layer"), digest(node, "diffId"), digest(node, "index"), size.longValue()));
        }
        try {
            return new IndexConfig(digest(root, "subject"), layers);
        } catch (IllegalArgumentException e) {
            throw new InvalidIndexException(String.valueOf(e.getMessage()), e);
        }
    }

    private static JsonNode object(byte[] json) throws InvalidIndexException {
        try {
            JsonNode root = READER.readTree(json);
            if (root.isObject()) {
                return root;
            }
        } catch (JsonProcessingException e) {
            // Told below; its message would quote the document.
        } catch (IOException e) {
            throw new InvalidIndexException("its config cannot be read", e);
        }
        throw new InvalidIndexException("its config is not a well-formed JSON object");
    }

    private static Digest digest(JsonNode parent, String field) throws InvalidIndexException {
        try {
            return Digest.parse(parent.path(field).asText());
        } catch (IllegalArgumentException e) {
            throw new InvalidIndexException("the field " + field + " of its config is no digest", e);
        }
    }
}
