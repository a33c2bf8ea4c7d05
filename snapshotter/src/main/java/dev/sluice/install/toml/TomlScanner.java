package dev.sluice.install.toml;

import dev.sluice.install.toml.TomlStatement.Assignment;
import dev.sluice.install.toml.TomlStatement.Header;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Finds the places of all statements of a text that is known to be TOML. What it takes for TOML is more than what is; the parser
 * decides.
 */
final class TomlScanner {
    private static final int MAX_DEPTH = 100;
    private static final char END = '\uffff';

    private final String text;
    private int position;
    private int line = 1;
    private int counted;

    private List<String> table = List.of();
    private boolean inArray;
    private final Set<List<String>> arrays = new HashSet<>();

    private TomlScanner(String text) {
        this.text = text;
    }

    static List<TomlStatement> scan(String text) throws TomlException {
        return new TomlScanner(text).statements();
    }

    private List<TomlStatement> statements() throws TomlException {
        List<TomlStatement> statements = new ArrayList<>();
        if (peek() == '\ufeff') {
            position++;
        }
        skipEmptyLines();
        while (position < text.length()) {
            statements.add(peek() == '[' ? header() : assignment());
            skipEmptyLines();
        }
        return statements;
    }

    private Header header() throws TomlException {
        int start = lineStart();
        int startLine = line();
        position++;
        boolean array = peek() == '[';
        if (array) {
            position++;
        }
        List<String> path = key();
        expect(']');
        if (array) {
            expect(']');
        }
        endOfLine();
        if (array) {
            arrays.add(path);
        }
        table = path;
        inArray = false;
        for (int length = 1; length <= path.size(); length++) {
            inArray |= arrays.contains(path.subList(0, length));
        }
        return new Header(path, array, inArray, start, position, startLine);
    }

    private Assignment assignment() throws TomlException {
        int start = lineStart();
        int startLine = line();
        List<String> path = new ArrayList<>(table);
        path.addAll(key());
        expect('=');
        skipSpaces();
        TomlValue value = value(0);
        endOfLine();
        return new Assignment(table, path, inArray, value, start, position, startLine);
    }

    private List<String> key() throws TomlException {
        List<String> parts = new ArrayList<>();
        do {
            if (!parts.isEmpty()) {
                position++;
            }
            skipSpaces();
            parts.add(keyPart());
            skipSpaces();
        } while (peek() == '.');
        return parts;
    }

    private String keyPart() throws TomlException {
        int start = position;
        if (peek() == '"' || peek() == '\'') {
            string();
            return TomlText.string(text.substring(start, position), line());
        }
        while (isBare(peek())) {
            position++;
        }
        if (position == start) {
            throw new TomlException(line(), "a key is expected");
        }
        return text.substring(start, position);
    }

    private static boolean isBare(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    }

    private TomlValue value(int depth) throws TomlException {
        if (depth > MAX_DEPTH) {
            throw new TomlException(line(), "values are nested too deeply");
        }
        int start = position;
        return switch (peek()) {
            case '"', '\'' -> {
                string();
                yield new TomlValue.Scalar(start, position);
            }
            case '[' -> array(depth);
            case '{' -> inlineTable(depth);
            default -> {
                scalar();
                yield new TomlValue.Scalar(start, position);
            }
        };
    }

    private TomlValue array(int depth) throws TomlException {
        int start = position++;
        List<TomlValue> elements = new ArrayList<>();
        skipEmptyLines();
        while (peek() != ']') {
            elements.add(value(depth + 1));
            skipEmptyLines();
            if (peek() == ',') {
                position++;
                skipEmptyLines();
            } else if (peek() != ']') {
                throw new TomlException(line(), "a comma or a bracket is expected");
            }
        }
        position++;
        return new TomlValue.Array(start, position, elements);
    }

    private TomlValue inlineTable(int depth) throws TomlException {
        int start = position++;
        List<TomlValue.Entry> entries = new ArrayList<>();
        skipSpaces();
        while (peek() != '}') {
            int keyStart = position;
            List<String> key = key();
            expect('=');
            skipSpaces();
            entries.add(new TomlValue.Entry(key, keyStart, value(depth + 1)));
            skipSpaces();
            if (peek() == ',') {
                position++;
                skipSpaces();
            } else if (peek() != '}') {
                throw new TomlException(line(), "a comma or a brace is expected");
            }
        }
        position++;
        return new TomlValue.InlineTable(start, position, entries);
    }

    /** Numbers, dates, words. */
    private void scalar() throws TomlException {
        int start = position;
        while (position < text.length() && ",]}#\r\n".indexOf(peek()) < 0) {
            position++;
        }
        while (position > start && isSpace(text.charAt(position - 1))) {
            position--;
        }
        if (position == start) {
            throw new TomlException(line(), "a value is expected");
        }
    }

    private void string() throws TomlException {
        char quote = peek();
        String three = String.valueOf(quote).repeat(3);
        boolean multiLine = text.startsWith(three, position);
        position += multiLine ? 3 : 1;
        while (position < text.length()) {
            char c = peek();
            if (c == '\\' && quote == '"') {
                position = Math.min(position + 2, text.length());
            } else if (!multiLine && (c == quote || c == '\n')) {
                position++;
                if (c == quote) {
                    return;
                }
                break;
            } else if (multiLine && text.startsWith(three, position)) {
                position += 3;
                // Up to two quotes may stand directly before those that end it.
                for (int more = 0; more < 2 && peek() == quote; more++) {
                    position++;
                }
                return;
            } else {
                position++;
            }
        }
        throw new TomlException(line(), "a string does not end");
    }

    private void expect(char c) throws TomlException {
        skipSpaces();
        if (peek() != c) {
            throw new TomlException(line(), "`" + c + "` is expected");
        }
        position++;
    }

    /** A comment may stand there. */
    private void endOfLine() throws TomlException {
        skipSpaces();
        skipComment();
        if (position < text.length() && !skipLineBreak()) {
            throw new TomlException(line(), "the end of the line is expected");
        }
    }

    private void skipEmptyLines() {
        do {
            skipSpaces();
            skipComment();
        } while (skipLineBreak());
    }

    private void skipSpaces() {
        while (isSpace(peek())) {
            position++;
        }
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == '\t';
    }

    private void skipComment() {
        if (peek() == '#' && position < text.length()) {
            int end = text.indexOf('\n', position);
            position = end < 0 ? text.length() : end > 0 && text.charAt(end - 1) == '\r' ? end - 1 : end;
        }
    }

    private boolean skipLineBreak() {
        if (text.startsWith("\r\n", position)) {
            position += 2;
            return true;
        }
        if (text.startsWith("\n", position)) {
            position++;
            return true;
        }
        return false;
    }

    private char peek() {
        return position < text.length() ? text.charAt(position) : END;
    }

    private int lineStart() {
        int start = text.lastIndexOf('\n', position - 1) + 1;
        return start < text.length() && text.charAt(start) == '\ufeff' ? start + 1 : start;
    }

    private int line() {
        for (; counted < position; counted++) {
            if (text.charAt(counted) == '\n') {
                line++;
            }
        }
        return line;
    }
}
