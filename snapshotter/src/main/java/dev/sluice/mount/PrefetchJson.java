package dev.sluice.mount;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import dev.sluice.layer.DeviceRange;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What {@code layer.json} says is to be prefetched: a list of {@code {"offset": N, "length": N}}; before version 3, bytes from the start on. */
final class PrefetchJson extends StdDeserializer<List<DeviceRange>> {
    private static final long serialVersionUID = 1;

    PrefetchJson() {
        super(List.class);
    }

    @Override
    public List<DeviceRange> deserialize(JsonParser json, DeserializationContext context) throws IOException {
        JsonNode node = context.readTree(json);
        List<DeviceRange> ranges = new ArrayList<>();
        try {
            if (node.isIntegralNumber() && node.longValue() > 0) {
                ranges.add(new DeviceRange(0, node.longValue()));
            }
            for (JsonNode range : node) {
                ranges.add(new DeviceRange(
                        range.path("offset").asLong(-1), range.path("length").asLong(-1)));
            }
        } catch (IllegalArgumentException e) {
            throw JsonMappingException.from(json, "a range to prefetch is malformed", e);
        }
        return ranges;
    }
}
