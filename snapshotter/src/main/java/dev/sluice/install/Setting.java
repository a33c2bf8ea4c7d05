package dev.sluice.install;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.install.toml.TomlText;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What containerd's configuration has to say. */
public sealed interface Setting {
    /** The table in which it stands. */
    List<String> table();

    /** What stands there; entries of the table, one after the other. */
    String line();

    /**
     * Changes a merged configuration.
     *
     * @throws IllegalStateException if something else than a table or an array stands in its way
     */
    void applyTo(ObjectNode root);

    /**
     * Values of a table.
     *
     * @param entries at least one
     */
    record Put(List<String> table, ObjectNode entries) implements Setting {
        public Put {
            table = List.copyOf(table);
            entries = entries.deepCopy();
        }

        @Override
        public String line() {
            return entries.properties().stream()
                    .map(entry -> TomlText.key(List.of(entry.getKey())) + " = " + TomlText.of(entry.getValue()))
                    .collect(joining("; "));
        }

        @Override
        public void applyTo(ObjectNode root) {
            tableIn(root, table).setAll(entries.deepCopy());
        }
    }

    /**
     * Elements at the end of an array.
     *
     * @param present the elements that are there
     * @param more what has to come
     */
    record Append(List<String> table, String key, List<JsonNode> present, List<JsonNode> more) implements Setting {
        public Append {
            table = List.copyOf(table);
            present = List.copyOf(present);
            more = List.copyOf(more);
        }

        /** The array. */
        List<String> path() {
            List<String> path = new ArrayList<>(table);
            path.add(key);
            return path;
        }

        @Override
        public String line() {
            String all = Stream.concat(present.stream(), more.stream())
                    .map(TomlText::of)
                    .collect(joining(", ", key + " = [", "]"));
            return all + (present.isEmpty() ? "" : " # instead of those that are there");
        }

        @Override
        public void applyTo(ObjectNode root) {
            ArrayNode array = tableIn(root, table).withArray(key);
            more.forEach(element -> array.add(element.deepCopy()));
        }
    }

    private static ObjectNode tableIn(ObjectNode root, List<String> path) {
        ObjectNode node = root;
        for (String part : path) {
            JsonNode next = node.path(part);
            if (next.isMissingNode()) {
                next = node.putObject(part);
            }
            if (!(next instanceof ObjectNode table)) {
                throw new IllegalStateException(TomlText.key(path) + " is not a table");
            }
            node = table;
        }
        return node;
    }
}
