package dev.sluice.registry;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads manifests and indexes, whose bytes are foreign: every part is checked for its presence and type. */
final class ManifestParser {
    private ManifestParser() {}

    static Manifest manifest(byte[] json, String mediaType) throws InvalidManifestException {
        JsonNode root = document(json, mediaType, MediaTypes.isManifest(mediaType));
        if (root.has("manifests") || root.has("fsLayers")) {
            throw new InvalidManifestException("a manifest must not list manifests");
        }
        return new Manifest(
                mediaType,
                descriptor(required(root, "config")),
                descriptors(required(root, "layers")),
                annotations(root),
                optionalDescriptor(root, "subject"),
                optionalText(root, "artifactType"));
    }

    static ImageIndex index(byte[] json, String mediaType) throws InvalidManifestException {
        JsonNode root = document(json, mediaType, MediaTypes.isIndex(mediaType));
        if (root.has("config") || root.has("layers") || root.has("fsLayers")) {
            throw new InvalidManifestException("an index must not have a config or layers");
        }
        return new ImageIndex(
                mediaType,
                descriptors(required(root, "manifests")),
                annotations(root),
                optionalDescriptor(root, "subject"),
                optionalText(root, "artifactType"));
    }

    /** The media type that a document gives itself, or that its shape tells if it gives none. */
    static String mediaTypeOf(byte[] json) throws InvalidManifestException {
        JsonNode root = parse(json);
        Optional<String> own = optionalText(root, "mediaType");
        if (own.isPresent()) {
            return own.get();
        }
        return root.has("manifests") ? MediaTypes.OCI_INDEX : MediaTypes.OCI_MANIFEST;
    }

    /** The platform in an image's configuration. */
    static Platform platformOfConfig(byte[] json) throws InvalidManifestException {
        return platform(parse(json));
    }

    private static JsonNode document(byte[] json, String mediaType, boolean expectedType)
            throws InvalidManifestException {
        if (!expectedType) {
            throw new InvalidManifestException("unexpected media type " + shown(mediaType));
        }
        JsonNode root = parse(json);
        JsonNode version = required(root, "schemaVersion");
        if (!version.isInt() || version.intValue() != 2) {
            throw new InvalidManifestException("schemaVersion is not 2");
        }
        Optional<String> own = optionalText(root, "mediaType");
        if (own.isPresent() && !own.get().equals(mediaType)) {
            throw new InvalidManifestException("the document calls itself " + shown(own.get()) + ", not " + mediaType);
        }
        return root;
    }

    private static JsonNode parse(byte[] json) throws InvalidManifestException {
        Optional<JsonNode> root = Json.object(json);
        return root.orElseThrow(() -> new InvalidManifestException("not a well-formed JSON object"));
    }

    private static List<Descriptor> descriptors(JsonNode array) throws InvalidManifestException {
        if (!array.isArray()) {
            throw new InvalidManifestException("a list of descriptors is not an array");
        }
        List<Descriptor> all = new ArrayList<>(array.size());
        for (JsonNode element : array) {
            all.add(descriptor(element));
        }
        return all;
    }

    private static Optional<Descriptor> optionalDescriptor(JsonNode parent, String field)
            throws InvalidManifestException {
        return parent.hasNonNull(field) ? Optional.of(descriptor(required(parent, field))) : Optional.empty();
    }

    private static Descriptor descriptor(JsonNode node) throws InvalidManifestException {
        JsonNode size = required(node, "size");
        if (!size.isIntegralNumber() || !size.canConvertToLong() || size.longValue() < 0) {
            throw new InvalidManifestException("the size of a descriptor is not a number of bytes");
        }
        Digest digest;
        try {
            digest = Digest.parse(text(node, "digest"));
        } catch (IllegalArgumentException e) {
            throw new InvalidManifestException("the digest of a descriptor is malformed: " + e.getMessage(), e);
        }
        Optional<Platform> platform =
                node.hasNonNull("platform") ? Optional.of(platform(required(node, "platform"))) : Optional.empty();
        return new Descriptor(
                text(node, "mediaType"),
                digest,
                size.longValue(),
                annotations(node),
                platform,
                optionalText(node, "artifactType"));
    }

    private static Platform platform(JsonNode node) throws InvalidManifestException {
        return new Platform(
                text(node, "os"),
                text(node, "architecture"),
                optionalText(node, "variant"),
                optionalText(node, "os.version"));
    }

    private static Map<String, String> annotations(JsonNode parent) throws InvalidManifestException {
        if (!parent.hasNonNull("annotations")) {
            return Map.of();
        }
        JsonNode node = required(parent, "annotations");
        if (!node.isObject()) {
            throw new InvalidManifestException("annotations are not an object");
        }
        Map<String, String> all = new HashMap<>();
        for (Map.Entry<String, JsonNode> annotation : node.properties()) {
            if (!annotation.getValue().isTextual()) {
                throw new InvalidManifestException("the value of an annotation is not a string");
            }
            all.put(annotation.getKey(), annotation.getValue().textValue());
        }
        return all;
    }

    private static JsonNode required(JsonNode parent, String field) throws InvalidManifestException {
        JsonNode node = parent.path(field);
        if (node.isMissingNode() || node.isNull()) {
            throw new InvalidManifestException("the field " + field + " is missing");
        }
        return node;
    }

    private static String text(JsonNode parent, String field) throws InvalidManifestException {
        JsonNode node = required(parent, field);
        if (!node.isTextual()) {
            throw new InvalidManifestException("the field " + field + " is not a string");
        }
        return node.textValue();
    }

    private static Optional<String> optionalText(JsonNode parent, String field) throws InvalidManifestException {
        if (!parent.hasNonNull(field)) {
            return Optional.empty();
        }
        String value = text(parent, field);
        return value.isEmpty() ? Optional.empty() : Optional.of(value);
    }

    private static String shown(String mediaType) {
        return mediaType.length() <= 127 ? mediaType : mediaType.substring(0, 127) + "...";
    }
}
