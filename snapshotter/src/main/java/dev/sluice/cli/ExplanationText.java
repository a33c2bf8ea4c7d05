package dev.sluice.cli;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.mount.LayerExplanation;
import java.util.List;
import java.util.Locale;

/** How {@code sluice explain} reads. */
record ExplanationText(List<LayerExplanation> layers) {
    String plain() {
        long size = layers.stream().mapToLong(LayerExplanation::size).sum();
        long pull = layers.stream().mapToLong(LayerExplanation::pullBytes).sum();
        String each = layers.stream().map(ExplanationText::plain).collect(joining(System.lineSeparator()));
        return each
                + System.lineSeparator()
                + String.format(
                        Locale.ROOT,
                        "%d of %d layers are lazy; a pull fetches %s of %s",
                        layers.stream().filter(LayerExplanation::lazy).count(),
                        layers.size(),
                        mebibytes(pull),
                        mebibytes(size));
    }

    private static String plain(LayerExplanation layer) {
        StringBuilder text = new StringBuilder(layer.digest())
                .append(layer.lazy() ? "  lazy  " : "  whole ")
                .append(layer.format())
                .append(", ")
                .append(mebibytes(layer.size()));
        line(text, layer.reason());
        line(
                text,
                "at pull " + mebibytes(layer.pullBytes())
                        + (layer.readBytes() > 0
                                ? ", at the first read of a place " + mebibytes(layer.readBytes())
                                : ""));
        layer.advice().ifPresent(advice -> line(text, "better: " + advice));
        return text.toString();
    }

    private static void line(StringBuilder text, String line) {
        text.append(System.lineSeparator()).append("    ").append(line);
    }

    private static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
    }

    String json() {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        for (LayerExplanation layer : layers) {
            ObjectNode node = array.addObject()
                    .put("digest", layer.digest())
                    .put("media_type", layer.mediaType())
                    .put("size", layer.size())
                    .put("format", layer.format())
                    .put("lazy", layer.lazy())
                    .put("reason", layer.reason())
                    .put("pull_bytes", layer.pullBytes())
                    .put("read_bytes", layer.readBytes());
            layer.advice().ifPresent(advice -> node.put("advice", advice));
        }
        return array.toPrettyString();
    }
}
