package dev.sluice.install.toml;

import static dev.sluice.install.toml.TomlDocument.startsWith;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.install.toml.TomlStatement.Assignment;
import dev.sluice.install.toml.TomlStatement.Header;
import java.util.List;
import java.util.Optional;

/** Takes values out of a document again, which others may have changed since they came in. */
public final class TomlRemover {
    private TomlRemover() {}

    /**
     * Takes a text out, if that takes away one value and nothing else; the last one if it stands there more than once.
     *
     * @param meant what the whole document is to mean then
     * @return empty if the text is not there, or more would go
     */
    public static Optional<TomlDocument> text(TomlDocument document, String text, ObjectNode meant) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        for (int place = document.text().lastIndexOf(text);
                place >= 0;
                place = document.text().lastIndexOf(text, place - 1)) {
            try {
                return Optional.of(new TomlEdit(place, text, "").apply(document, meant));
            } catch (TomlException others) {
                // The same text with another meaning: of another section, or in a comment.
            }
        }
        return Optional.empty();
    }

    /**
     * Writes another value in the place of one.
     *
     * @param text of the value, as TOML
     * @param meant what the whole document is to mean then
     * @throws TomlException if nothing can be written there without touching anything else
     */
    public static TomlDocument replace(TomlDocument document, List<String> path, String text, ObjectNode meant)
            throws TomlException {
        Optional<TomlValue> value = document.value(path);
        if (value.isEmpty()) {
            throw new TomlException(document.line(path), TomlText.key(path) + " is not a value");
        }
        return TomlEdit.replace(
                        document.text(), value.get().start(), value.get().end(), text)
                .apply(document, meant);
    }

    /**
     * Takes a value away; sections that are empty then stay.
     *
     * @throws TomlException if it cannot go without touching anything else
     */
    public static TomlDocument value(TomlDocument document, List<String> path) throws TomlException {
        ObjectNode meant = document.root();
        if (parent(meant, path) instanceof ObjectNode table) {
            table.remove(path.get(path.size() - 1));
        }
        for (Assignment assignment : document.assignments()) {
            if (!assignment.inArray() && assignment.path().equals(path)) {
                return TomlEdit.replace(document.text(), assignment.start(), assignment.end(), "")
                        .apply(document, withSection(meant, assignment.table(), path));
            }
            if (!assignment.inArray()
                    && startsWith(path, assignment.path())
                    && assignment.value() instanceof TomlValue.InlineTable table) {
                return entry(document, table, path.subList(assignment.path().size(), path.size()), meant);
            }
        }
        throw new TomlException(document.line(path), TomlText.key(path) + " is not a value");
    }

    private static TomlDocument entry(
            TomlDocument document, TomlValue.InlineTable table, List<String> path, ObjectNode meant)
            throws TomlException {
        List<TomlValue.Entry> entries = table.entries();
        for (int i = 0; i < entries.size(); i++) {
            TomlValue.Entry entry = entries.get(i);
            if (entry.key().equals(path)) {
                int start = i > 0 ? entries.get(i - 1).value().end() : entry.start();
                int end = i == 0 && entries.size() > 1
                        ? entries.get(1).start()
                        : entry.value().end();
                return TomlEdit.replace(document.text(), start, end, "").apply(document, meant);
            }
            if (startsWith(path, entry.key()) && entry.value() instanceof TomlValue.InlineTable inner) {
                return entry(document, inner, path.subList(entry.key().size(), path.size()), meant);
            }
        }
        throw new TomlException(document.line(path), TomlText.key(path) + " is not a value");
    }

    /**
     * Takes the last element away that is equal to this one; an array that is empty then goes, too, if it was of tables with headers.
     *
     * @return empty if there is none
     * @throws TomlException if it cannot go without touching anything else
     */
    public static Optional<TomlDocument> element(TomlDocument document, List<String> path, JsonNode element)
            throws TomlException {
        ObjectNode meant = document.root();
        if (!(parent(meant, path) instanceof ObjectNode table)
                || !(table.path(path.get(path.size() - 1)) instanceof ArrayNode array)) {
            return Optional.empty();
        }
        int index = array.size() - 1;
        while (index >= 0 && !array.get(index).equals(element)) {
            index--;
        }
        if (index < 0) {
            return Optional.empty();
        }
        array.remove(index);
        Optional<TomlValue> value = document.value(path);
        if (value.isPresent() && value.get() instanceof TomlValue.Array place) {
            List<TomlValue> elements = place.elements();
            int start =
                    index > 0 ? elements.get(index - 1).end() : elements.get(0).start();
            int end = index == 0 && elements.size() > 1
                    ? elements.get(1).start()
                    : elements.get(index).end();
            return Optional.of(TomlEdit.replace(document.text(), start, end, "").apply(document, meant));
        }
        List<Header> headers = document.headers().stream()
                .filter(header -> header.array() && header.path().equals(path))
                .toList();
        if (headers.size() <= index) {
            throw new TomlException(document.line(path), TomlText.key(path) + " is not an array");
        }
        if (array.isEmpty()) {
            table.remove(path.get(path.size() - 1));
        }
        Header first = headers.get(index);
        int end = first.end();
        List<TomlStatement> statements = document.statements();
        for (TomlStatement statement : statements.subList(statements.indexOf(first) + 1, statements.size())) {
            if (statement instanceof Header header && (!startsWith(header.path(), path) || header.array())) {
                break;
            }
            end = statement.end();
        }
        return Optional.of(
                TomlEdit.replace(document.text(), first.start(), end, "").apply(document, meant));
    }

    /**
     * Takes the header of a section away that has nothing in it, and the line above it if that is the comment.
     *
     * @param comment without its {@code #}
     * @throws TomlException if it cannot go without touching anything else
     */
    public static TomlDocument emptySection(TomlDocument document, List<String> path, String comment)
            throws TomlException {
        List<TomlStatement> statements = document.statements();
        for (int i = 0; i < statements.size(); i++) {
            boolean followed = i + 1 < statements.size() && statements.get(i + 1) instanceof Assignment;
            if (statements.get(i) instanceof Header header
                    && !header.array()
                    && header.path().equals(path)
                    && !followed) {
                ObjectNode meant = document.root();
                JsonNode table = document.at(path);
                if (table.isEmpty() && parent(meant, path) instanceof ObjectNode around) {
                    around.remove(path.get(path.size() - 1));
                    prune(meant, document, path.subList(0, path.size() - 1), header);
                }
                int start = commentStart(document, header.start(), "# " + comment);
                return TomlEdit.replace(document.text(), start, header.end(), "")
                        .apply(document, meant);
            }
        }
        return document;
    }

    /** Tables that only that header has made are gone with it. */
    private static void prune(ObjectNode meant, TomlDocument document, List<String> path, Header gone) {
        for (int length = path.size(); length > 0; length--) {
            List<String> outer = path.subList(0, length);
            boolean spoken = document.headers().stream()
                    .anyMatch(header -> !header.equals(gone) && startsWith(header.path(), outer));
            spoken |= document.assignments().stream().anyMatch(line -> startsWith(line.path(), outer));
            if (spoken || !(parent(meant, outer) instanceof ObjectNode around)) {
                return;
            }
            around.remove(outer.get(length - 1));
        }
    }

    private static int commentStart(TomlDocument document, int headerStart, String comment) {
        String text = document.text();
        int end = headerStart;
        if (end == 0) {
            return headerStart;
        }
        int start = text.lastIndexOf('\n', end - 2) + 1;
        return text.substring(start, end).strip().equals(comment) ? start : headerStart;
    }

    /** A dotted key's tables go with it, a section stays. */
    private static ObjectNode withSection(ObjectNode meant, List<String> section, List<String> path) {
        for (int length = path.size() - 1; length > section.size(); length--) {
            List<String> outer = path.subList(0, length);
            if (!(at(meant, outer) instanceof ObjectNode table) || !table.isEmpty()) {
                return meant;
            }
            if (parent(meant, outer) instanceof ObjectNode around) {
                around.remove(outer.get(length - 1));
            }
        }
        return meant;
    }

    private static JsonNode parent(JsonNode root, List<String> path) {
        return at(root, path.subList(0, path.size() - 1));
    }

    private static JsonNode at(JsonNode root, List<String> path) {
        JsonNode node = root;
        for (String part : path) {
            node = node.path(part);
        }
        return node;
    }
}
