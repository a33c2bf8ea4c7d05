package dev.sluice.cli;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.daemon.Runners;
import dev.sluice.index.PublishedIndex;
import dev.sluice.registry.ImageReference;
import java.util.List;
import java.util.Locale;

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

    /** One line on a layer, as {@code create} and {@code push} tell it. */
    static String plain(Runners.IndexRunner.LayerIndexing layer) {
        if (layer.indexBytes() == 0) {
            return layer.layer() + " needs none: it is not a plain layer";
        }
        String index = String.format(
                Locale.ROOT,
                "%d bytes of index, %.2f %% of the layer",
                layer.indexBytes(),
                100.0 * layer.indexBytes() / Math.max(1, layer.layerBytes()));
        return layer.layer()
                + (layer.made() ? " was read: " : " was known: ")
                + index
                + (layer.spans() == 0
                        ? ", but it can only be decoded as a whole, so it is not lazy"
                        : ", to be read in " + layer.spans() + " pieces");
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
