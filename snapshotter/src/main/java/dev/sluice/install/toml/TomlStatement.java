package dev.sluice.install.toml;

import java.util.List;

/** A line, or more, that says something. Offsets are in chars, of whole lines with their line break; the end is exclusive. */
sealed interface TomlStatement {
    int start();

    int end();

    /** Counted from 1. */
    int line();

    /**
     * {@code [path]} or {@code [[path]]}.
     *
     * @param array whether it begins an element of an array of tables
     * @param inArray whether it is one, or belongs to one
     */
    record Header(List<String> path, boolean array, boolean inArray, int start, int end, int line)
            implements TomlStatement {
        public Header {
            path = List.copyOf(path);
        }
    }

    /**
     * {@code key = value}.
     *
     * @param table path of the header that it stands under
     * @param path with the table's
     * @param inArray whether it belongs to an element of an array of tables
     */
    record Assignment(
            List<String> table, List<String> path, boolean inArray, TomlValue value, int start, int end, int line)
            implements TomlStatement {
        public Assignment {
            table = List.copyOf(table);
            path = List.copyOf(path);
        }
    }
}
