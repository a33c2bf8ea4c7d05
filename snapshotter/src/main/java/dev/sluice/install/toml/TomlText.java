package dev.sluice.install.toml;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import java.util.List;
import java.util.stream.StreamSupport;

/** From TOML text to what it means, and back. */
public final class TomlText {
    private static final TomlMapper MAPPER = new TomlMapper();
    private static final String BYTE_ORDER_MARK = "\ufeff";

    private TomlText() {}

    /** @throws TomlException if it is not TOML */
    static ObjectNode read(String text) throws TomlException {
        try {
            JsonNode root = MAPPER.readTree(text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text);
            return root instanceof ObjectNode table ? table : JsonNodeFactory.instance.objectNode();
        } catch (JsonProcessingException e) {
            JsonLocation location = e.getLocation();
            throw new TomlException(location == null ? 0 : location.getLineNr(), "not TOML: " + e.getOriginalMessage());
        }
    }

    /** @param text of a string, with its quotes */
    static String string(String text, int line) throws TomlException {
        if (text.startsWith("\"\"\"") || text.startsWith("'''")) {
            throw new TomlException(line, "a key of several lines");
        }
        try {
            return read("s = " + text).path("s").asText();
        } catch (TomlException e) {
            throw new TomlException(line, String.valueOf(e.getMessage()));
        }
    }

    /** A value on one line. */
    public static String of(JsonNode value) {
        if (value.isObject()) {
            return value.isEmpty()
                    ? "{}"
                    : value.properties().stream()
                            .map(entry -> key(entry.getKey()) + " = " + of(entry.getValue()))
                            .collect(joining(", ", "{ ", " }"));
        }
        if (value.isArray()) {
            return StreamSupport.stream(value.spliterator(), false)
                    .map(TomlText::of)
                    .collect(joining(", ", "[", "]"));
        }
        // A JSON string is a TOML basic string.
        return value.toString();
    }

    /** A dotted key. */
    public static String key(List<String> path) {
        return path.stream().map(TomlText::key).collect(joining("."));
    }

    private static String key(String part) {
        return part.matches("[A-Za-z0-9_-]+")
                ? part
                : JsonNodeFactory.instance.textNode(part).toString();
    }
}
