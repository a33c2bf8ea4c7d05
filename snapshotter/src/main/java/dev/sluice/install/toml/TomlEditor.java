package dev.sluice.install.toml;

import static dev.sluice.install.toml.TomlDocument.startsWith;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.install.toml.TomlStatement.Assignment;
import dev.sluice.install.toml.TomlStatement.Header;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Writes values into a document, in the way in which the document is written. */
public final class TomlEditor {
    private static final String INDENTATION = "  ";

    private final String comment;

    /** @param comment what is said above a section that has to be begun; one line, without its {@code #} */
    public TomlEditor(String comment) {
        this.comment = "# " + comment;
    }

    /**
     * What came of an edit.
     *
     * @param document the new one
     * @param edit of the old one
     */
    public record Result(TomlDocument document, TomlEdit edit) {}

    /**
     * Sets a value, in the place of the one that is there.
     *
     * @param table the table's path
     * @throws TomlException if there cannot be such a value, or none can be written without touching anything else
     */
    public Result put(TomlDocument document, List<String> table, String key, JsonNode value) throws TomlException {
        List<String> path = append(table, key);
        ObjectNode meant = document.root();
        set(document, meant, path, value);
        Optional<TomlValue> present = document.value(path);
        TomlEdit edit;
        if (present.isPresent()) {
            edit = TomlEdit.replace(
                    document.text(), present.get().start(), present.get().end(), TomlText.of(value));
        } else if (!document.at(path).isMissingNode()) {
            throw new TomlException(document.line(path), TomlText.key(path) + " is a section, not a value");
        } else {
            edit = insertion(document, table, key, value);
        }
        return new Result(edit.apply(document, meant), edit);
    }

    /**
     * Appends an element to an array, which has to be there.
     *
     * @throws TomlException if there is none, or nothing can be added without touching anything else
     */
    public Result add(TomlDocument document, List<String> path, JsonNode element) throws TomlException {
        ObjectNode meant = document.root();
        if (!(at(meant, path) instanceof ArrayNode array)) {
            throw new TomlException(document.line(path), TomlText.key(path) + " is not an array");
        }
        array.add(element.deepCopy());
        Optional<TomlValue> value = document.value(path);
        TomlEdit edit = value.isPresent() && value.get() instanceof TomlValue.Array place
                ? element(document, place, element)
                : section(document, path, element);
        return new Result(edit.apply(document, meant), edit);
    }

    private TomlEdit insertion(TomlDocument document, List<String> table, String key, JsonNode value)
            throws TomlException {
        Optional<Integer> array = arrayOfTables(document, table);
        if (array.isPresent()) {
            throw new TomlException(array.get(), TomlText.key(table) + " is an array of tables, or in one");
        }
        for (int length = table.size(); length > 0; length--) {
            Optional<TomlValue> there = document.value(table.subList(0, length));
            if (there.isPresent()) {
                List<String> rest = append(table.subList(length, table.size()), key);
                return entry(document, table.subList(0, length), there.get(), rest, value);
            }
        }
        Optional<Header> header = document.headers().stream()
                .filter(candidate -> candidate.path().equals(table))
                .findFirst();
        if (table.isEmpty() || header.isPresent()) {
            return inSection(document, header, TomlText.key(List.of(key)) + " = " + TomlText.of(value));
        }
        Optional<Assignment> dotted = dotted(document, table);
        if (dotted.isPresent()) {
            Assignment beside = dotted.get();
            List<String> rest = append(table, key);
            String line = TomlText.key(rest.subList(beside.table().size(), rest.size())) + " = " + TomlText.of(value);
            return line(document, beside.end(), document.indentation(beside) + line);
        }
        return newSection(
                document,
                "[" + TomlText.key(table) + "]",
                List.of(INDENTATION + TomlText.key(List.of(key)) + " = " + TomlText.of(value)));
    }

    private static Optional<Integer> arrayOfTables(TomlDocument document, List<String> table) {
        return document.headers().stream()
                .filter(header -> header.array() && startsWith(table, header.path()))
                .map(TomlStatement::line)
                .findFirst();
    }

    /** The last line that makes the table, or one around it, by a dotted key. */
    private static Optional<Assignment> dotted(TomlDocument document, List<String> table) {
        for (int length = table.size(); length > 0; length--) {
            List<String> prefix = table.subList(0, length);
            Optional<Assignment> last = document.assignments().stream()
                    .filter(line -> !line.inArray())
                    .filter(line -> line.table().size() < prefix.size() && startsWith(line.path(), prefix))
                    .reduce((one, other) -> other);
            if (last.isPresent()) {
                return last;
            }
        }
        return Optional.empty();
    }

    /** Into an inline table, or one within it. */
    private static TomlEdit entry(
            TomlDocument document, List<String> path, TomlValue place, List<String> rest, JsonNode value)
            throws TomlException {
        if (!(place instanceof TomlValue.InlineTable table)) {
            throw new TomlException(document.line(path), TomlText.key(path) + " is not a table");
        }
        boolean dotted = rest.size() > 1
                && table.entries().stream().anyMatch(entry -> entry.key().get(0).equals(rest.get(0)));
        String text = TomlText.of(value);
        if (dotted) {
            text = TomlText.key(rest) + " = " + text;
        } else {
            for (int depth = rest.size() - 1; depth >= 0; depth--) {
                text = TomlText.key(rest.subList(depth, depth + 1)) + " = " + text;
                text = depth == 0 ? text : "{ " + text + " }";
            }
        }
        if (table.entries().isEmpty()) {
            return TomlEdit.insert(
                    table.start() + 1, " " + text + (document.text().charAt(table.end() - 2) == ' ' ? "" : " "));
        }
        TomlValue last = table.entries().get(table.entries().size() - 1).value();
        return TomlEdit.insert(last.end(), ", " + text);
    }

    /** Behind the last line of a section; of the document's beginning if there is no header. */
    private static TomlEdit inSection(TomlDocument document, Optional<Header> header, String line) {
        List<TomlStatement> statements = document.statements();
        int place = header.map(TomlStatement::end).orElse(0);
        if (header.isEmpty() && document.text().startsWith("\ufeff")) {
            place = 1;
        }
        String indentation = header.map(document::indentation).orElse("")
                + (header.isPresent() && isIndented(document) ? INDENTATION : "");
        int first = header.map(statements::indexOf).orElse(-1) + 1;
        for (TomlStatement statement : statements.subList(first, statements.size())) {
            if (statement instanceof Header) {
                break;
            }
            place = statement.end();
            indentation = document.indentation(statement);
        }
        return line(document, place, indentation + line);
    }

    /** Whether lines of a section begin further right than its header. */
    private static boolean isIndented(TomlDocument document) {
        String outer = "";
        for (TomlStatement statement : document.statements()) {
            String indentation = document.indentation(statement);
            if (statement instanceof Header) {
                outer = indentation;
            } else if (indentation.length() > outer.length()) {
                return true;
            }
        }
        return false;
    }

    /** @param place the beginning of a line, or the end of the text */
    private static TomlEdit line(TomlDocument document, int place, String line) {
        String text = document.text();
        boolean unfinished = place > 0 && text.charAt(place - 1) != '\n' && text.charAt(place - 1) != '\ufeff';
        return TomlEdit.insert(place, unfinished ? document.lineBreak() + line : line + document.lineBreak());
    }

    private TomlEdit newSection(TomlDocument document, String header, List<String> lines) {
        String text = document.text();
        List<String> block = new ArrayList<>();
        boolean empty = text.isEmpty() || text.equals("\ufeff");
        if (!empty) {
            block.add("");
        }
        block.add(comment);
        block.add(header);
        block.addAll(lines);
        String joined = String.join(document.lineBreak(), block);
        boolean unfinished = !empty && !text.endsWith("\n");
        return TomlEdit.insert(
                text.length(), unfinished ? document.lineBreak() + joined : joined + document.lineBreak());
    }

    private static TomlEdit element(TomlDocument document, TomlValue.Array array, JsonNode element) {
        String text = TomlText.of(element);
        if (array.elements().isEmpty()) {
            return TomlEdit.insert(array.start() + 1, text);
        }
        TomlValue last = array.elements().get(array.elements().size() - 1);
        String all = document.text();
        int lineStart = all.lastIndexOf('\n', last.start() - 1) + 1;
        String before = all.substring(lineStart, last.start());
        boolean ownLine = lineStart > array.start() && before.isBlank();
        if (!ownLine) {
            return TomlEdit.insert(last.end(), ", " + text);
        }
        String lineBreak = document.lineBreak();
        int lineEnd = all.indexOf(lineBreak, last.end());
        if (lineEnd > 0
                && lineEnd < array.end()
                && all.substring(last.end(), lineEnd).stripLeading().startsWith(",")) {
            return TomlEdit.insert(lineEnd, lineBreak + before + text + ",");
        }
        return TomlEdit.insert(last.end(), "," + lineBreak + before + text);
    }

    /** An element of an array of tables. */
    private TomlEdit section(TomlDocument document, List<String> path, JsonNode element) throws TomlException {
        Optional<Header> last = document.headers().stream()
                .filter(header -> header.array() && header.path().equals(path))
                .reduce((one, other) -> other);
        if (last.isEmpty()) {
            throw new TomlException(
                    document.line(path), TomlText.key(path) + " is written in a way that is not understood");
        }
        List<TomlStatement> statements = document.statements();
        int place = last.get().end();
        String inner = document.indentation(last.get()) + INDENTATION;
        for (TomlStatement statement : statements.subList(statements.indexOf(last.get()) + 1, statements.size())) {
            if (statement instanceof Header header && (!startsWith(header.path(), path) || header.array())) {
                break;
            }
            if (statement instanceof Assignment assignment && assignment.table().equals(path)) {
                inner = document.indentation(statement);
            }
            place = statement.end();
        }
        List<String> lines = new ArrayList<>();
        lines.add(document.indentation(last.get()) + "[[" + TomlText.key(path) + "]]");
        for (var entry : element.properties()) {
            lines.add(inner + TomlText.key(List.of(entry.getKey())) + " = " + TomlText.of(entry.getValue()));
        }
        return line(document, place, String.join(document.lineBreak(), lines));
    }

    private static List<String> append(List<String> path, String key) {
        List<String> longer = new ArrayList<>(path);
        longer.add(key);
        return List.copyOf(longer);
    }

    private static JsonNode at(JsonNode root, List<String> path) {
        JsonNode node = root;
        for (String part : path) {
            node = node.path(part);
        }
        return node;
    }

    private static void set(TomlDocument document, ObjectNode root, List<String> path, JsonNode value)
            throws TomlException {
        ObjectNode node = root;
        for (int depth = 0; depth < path.size() - 1; depth++) {
            JsonNode next = node.path(path.get(depth));
            if (next.isMissingNode()) {
                next = node.putObject(path.get(depth));
            }
            if (!(next instanceof ObjectNode table)) {
                List<String> wrong = path.subList(0, depth + 1);
                throw new TomlException(document.line(wrong), TomlText.key(wrong) + " is not a table");
            }
            node = table;
        }
        node.set(path.get(path.size() - 1), value.deepCopy());
    }
}
