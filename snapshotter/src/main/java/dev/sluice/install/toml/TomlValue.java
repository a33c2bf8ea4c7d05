package dev.sluice.install.toml;

import java.util.List;

/** Where a value stands in its text, and what is in it. Offsets are in chars; the end is exclusive. */
sealed interface TomlValue {
    int start();

    int end();

    /** What is neither an array nor an inline table. */
    record Scalar(int start, int end) implements TomlValue {}

    /** {@code [...]}. */
    record Array(int start, int end, List<TomlValue> elements) implements TomlValue {
        public Array {
            elements = List.copyOf(elements);
        }
    }

    /** <code>{...}</code>. */
    record InlineTable(int start, int end, List<Entry> entries) implements TomlValue {
        public InlineTable {
            entries = List.copyOf(entries);
        }
    }

    /**
     * Of an inline table.
     *
     * @param key its parts
     * @param start of the key
     */
    record Entry(List<String> key, int start, TomlValue value) {
        public Entry {
            key = List.copyOf(key);
        }
    }
}
