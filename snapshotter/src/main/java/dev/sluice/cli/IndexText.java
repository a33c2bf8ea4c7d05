package dev.sluice.cli;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.index.PublishedIndex;
import dev.sluice.registry.ImageReference;
import java.util.List;

/** How {@code sluice index ls} reads. */
record IndexText(ImageReference image, List<PublishedIndex> indexes) {
    String plain() {
        return indexes.isEmpty()
                ? "there is no index of " + image
                : indexes.stream().map(IndexText::plain).collect(joining(System.lineSeparator()));
    }

    private static String plain(PublishedIndex index) {
        return index.artifact() + " of manifest " + index.subject()
                + index.created().map(created -> ", made at " + created).orElse("")
                + index.key().map(key -> ", signed with key " + key).orElse(", not signed");
    }

    String json() {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        for (PublishedIndex index : indexes) {
            ObjectNode node = array.addObject();
            node.put("index", index.artifact().toString());
            node.put("manifest", index.subject().toString());
            index.created().ifPresent(created -> node.put("created", created.toString()));
            index.key().ifPresent(key -> node.put("key", key));
        }
        return array.toPrettyString();
    }
}
