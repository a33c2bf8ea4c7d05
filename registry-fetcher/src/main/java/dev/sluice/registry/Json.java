package dev.sluice.registry;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.Optional;

/** Foreign JSON: no field twice, nothing behind the end, little nesting. Messages of the parser quote its input, so they are dropped. */
final class Json {
    private static final int MAX_NESTING = 64;

    private static final ObjectReader READER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_NESTING)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                    // The virtual machine would keep the names that strangers think up.
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build()
            .readerFor(JsonNode.class);

    private Json() {}

    /** The object that the bytes hold; absent if they are not one well-formed JSON object. */
    static Optional<JsonNode> object(byte[] json) {
        try {
            JsonNode root = READER.readTree(json);
            return root.isObject() ? Optional.of(root) : Optional.empty();
        } catch (IOException e) {
            // Not only JsonProcessingException: bytes that are no UTF-32, though they look like it, are told otherwise.
            return Optional.empty();
        }
    }
}
