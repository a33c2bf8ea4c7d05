package dev.sluice.install.toml;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * A change of one place of a text.
 *
 * @param offset where, in chars
 * @param former what goes
 * @param text what comes in its place
 */
public record TomlEdit(int offset, String former, String text) {
    public TomlEdit {
        requireNonNull(former, "former is null");
        requireNonNull(text, "text is null");
    }

    static TomlEdit insert(int offset, String text) {
        return new TomlEdit(offset, "", text);
    }

    static TomlEdit replace(String whole, int start, int end, String text) {
        return new TomlEdit(start, whole.substring(start, end), text);
    }

    /**
     * Makes the change, if it means what was meant and nothing else.
     *
     * @param meant what the whole document is to mean afterwards
     * @throws TomlException if it would mean anything else
     */
    TomlDocument apply(TomlDocument document, ObjectNode meant) throws TomlException {
        String old = document.text();
        if (!old.startsWith(former, offset)) {
            throw new IllegalStateException("an edit of another text");
        }
        String changed = old.substring(0, offset) + text + old.substring(offset + former.length());
        int line = 1 + (int) old.chars().limit(offset).filter(c -> c == '\n').count();
        TomlDocument result;
        try {
            result = TomlDocument.parse(changed);
        } catch (TomlException e) {
            throw new TomlException(line, "cannot be changed here without breaking it (" + e.getMessage() + ")");
        }
        if (!result.root().equals(meant)) {
            throw new TomlException(line, "cannot be changed here without changing what else it says");
        }
        return result;
    }
}
