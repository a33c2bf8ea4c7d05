package dev.sluice.install.toml;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.install.toml.TomlStatement.Assignment;
import dev.sluice.install.toml.TomlStatement.Header;
import java.util.List;
import java.util.Optional;

/** TOML text, what it means, and where everything stands in it. Immutable. */
public final class TomlDocument {
    private final String text;
    private final ObjectNode root;
    private final List<TomlStatement> statements;

    private TomlDocument(String text, ObjectNode root, List<TomlStatement> statements) {
        this.text = text;
        this.root = root;
        this.statements = List.copyOf(statements);
    }

    /**
     * Reads a text, which may begin with a byte order mark.
     *
     * @throws TomlException if it is not TOML
     */
    public static TomlDocument parse(String text) throws TomlException {
        ObjectNode root = TomlText.read(text);
        return new TomlDocument(text, root, TomlScanner.scan(text));
    }

    public String text() {
        return text;
    }

    /** What it means; a copy. */
    public ObjectNode root() {
        return root.deepCopy();
    }

    /** What stands at a path; missing if nothing does. */
    public JsonNode at(List<String> path) {
        JsonNode node = root;
        for (String part : path) {
            node = node.path(part);
        }
        return node.deepCopy();
    }

    /** The line on which a path is first spoken of, counted from 1; 0 if nowhere. */
    public int line(List<String> path) {
        return statements.stream()
                .filter(statement -> startsWith(path(statement), path) || startsWith(path, path(statement)))
                .filter(statement -> !path(statement).isEmpty())
                .max((one, other) -> Integer.compare(
                        Math.min(path(one).size(), path.size()),
                        Math.min(path(other).size(), path.size())))
                .map(TomlStatement::line)
                .orElse(0);
    }

    List<TomlStatement> statements() {
        return statements;
    }

    List<Assignment> assignments() {
        return statements.stream()
                .filter(Assignment.class::isInstance)
                .map(Assignment.class::cast)
                .toList();
    }

    List<Header> headers() {
        return statements.stream()
                .filter(Header.class::isInstance)
                .map(Header.class::cast)
                .toList();
    }

    /** Where the value at a path stands, unless it is a table with a header or of dotted keys, or in an array of tables. */
    Optional<TomlValue> value(List<String> path) {
        for (Assignment assignment : assignments()) {
            if (!assignment.inArray() && startsWith(path, assignment.path())) {
                Optional<TomlValue> found =
                        in(assignment.value(), path.subList(assignment.path().size(), path.size()));
                if (found.isPresent()) {
                    return found;
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<TomlValue> in(TomlValue value, List<String> path) {
        if (path.isEmpty()) {
            return Optional.of(value);
        }
        if (value instanceof TomlValue.InlineTable table) {
            for (TomlValue.Entry entry : table.entries()) {
                if (startsWith(path, entry.key())) {
                    Optional<TomlValue> found =
                            in(entry.value(), path.subList(entry.key().size(), path.size()));
                    if (found.isPresent()) {
                        return found;
                    }
                }
            }
        }
        return Optional.empty();
    }

    static boolean startsWith(List<String> path, List<String> prefix) {
        return path.size() >= prefix.size() && path.subList(0, prefix.size()).equals(prefix);
    }

    private static List<String> path(TomlStatement statement) {
        if (statement instanceof Header header) {
            return header.path();
        }
        return statement instanceof Assignment assignment ? assignment.path() : List.of();
    }

    /** What ends its lines. */
    String lineBreak() {
        int end = text.indexOf('\n');
        return end > 0 && text.charAt(end - 1) == '\r' ? "\r\n" : "\n";
    }

    /** The spaces at the beginning of a statement's line. */
    String indentation(TomlStatement statement) {
        int end = statement.start();
        while (end < text.length() && (text.charAt(end) == ' ' || text.charAt(end) == '\t')) {
            end++;
        }
        return text.substring(statement.start(), end);
    }
}
