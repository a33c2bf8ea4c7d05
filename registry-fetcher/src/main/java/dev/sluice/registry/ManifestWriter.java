package dev.sluice.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.TreeMap;

/** Writes what {@link ManifestParser} reads. Annotations are sorted, so that equal values make equal bytes. */
final class ManifestWriter {
    /** Escapes all but ASCII: a string of JSON may hold half of a surrogate pair, which has no bytes in UTF-8. */
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    private ManifestWriter() {}

    static byte[] json(Manifest manifest) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("schemaVersion", 2).put("mediaType", manifest.mediaType());
        manifest.artifactType().ifPresent(type -> root.put("artifactType", type));
        root.set("config", descriptor(manifest.config()));
        var layers = root.putArray("layers");
        manifest.layers().forEach(layer -> layers.add(descriptor(layer)));
        manifest.subject().ifPresent(subject -> root.set("subject", descriptor(subject)));
        annotations(root, manifest.annotations());
        return json(root);
    }

    static byte[] json(ObjectNode root) {
        try {
            return JSON.writeValueAsBytes(root);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ObjectNode descriptor(Descriptor descriptor) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("mediaType", descriptor.mediaType())
                .put("digest", descriptor.digest().toString())
                .put("size", descriptor.size());
        descriptor.artifactType().ifPresent(type -> node.put("artifactType", type));
        descriptor.platform().ifPresent(platform -> {
            ObjectNode into = node.putObject("platform");
            into.put("os", platform.os()).put("architecture", platform.architecture());
            platform.variant().ifPresent(variant -> into.put("variant", variant));
            platform.osVersion().ifPresent(version -> into.put("os.version", version));
        });
        annotations(node, descriptor.annotations());
        return node;
    }

    private static void annotations(ObjectNode parent, Map<String, String> annotations) {
        if (!annotations.isEmpty()) {
            ObjectNode into = parent.putObject("annotations");
            new TreeMap<>(annotations).forEach(into::put);
        }
    }
}
