package dev.sluice.layer.soci;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Spans that are wanted as soon as a container starts.
 *
 * @param first span
 * @param last span, inclusive
 */
record PrefetchSpans(int first, int last) {
    private static final String VERSION = "1.0";
    private static final int MAX_NESTING = 8;
    private static final ObjectReader READER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_NESTING)
                            .build())
                    .build())
            .build()
            .readerFor(JsonNode.class);

    private record Wanted(PrefetchSpans spans, int priority) {}

    /**
     * Reads a prefetch artifact: JSON, {@code {"version": "1.0", "prefetch_spans": [{"start_span": N, "end_span": N, "priority": N}]}}.
     * What it has of no layer of so many spans is left out.
     *
     * @param json any bytes
     * @param count of the layer's spans
     * @return those of the lowest priority first; nothing if it is malformed
     */
    static List<PrefetchSpans> parse(byte[] json, int count) {
        Optional<JsonNode> root = root(json);
        if (root.isEmpty() || !root.get().path("version").asText().equals(VERSION)) {
            return List.of();
        }
        List<Wanted> wanted = new ArrayList<>();
        for (JsonNode range : root.get().path("prefetch_spans")) {
            int first = range.path("start_span").asInt(-1);
            int last = range.path("end_span").asInt(-1);
            if (first >= 0 && first <= last && last < count) {
                wanted.add(new Wanted(
                        new PrefetchSpans(first, last), range.path("priority").asInt(0)));
            }
        }
        wanted.sort(Comparator.comparingInt(Wanted::priority));
        return wanted.stream().map(Wanted::spans).toList();
    }

    private static Optional<JsonNode> root(byte[] json) {
        try {
            return Optional.ofNullable(READER.readValue(json));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
