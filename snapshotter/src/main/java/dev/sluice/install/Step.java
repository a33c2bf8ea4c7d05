package dev.sluice.install;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * One thing that was changed in a file, as uninstalling needs it.
 *
 * @param kind what was done
 * @param path of the value, or of the array that got an element
 * @param value what was written there
 * @param text what came into the file for it, with all that had to come along
 * @param former the value's text before, empty if there was none
 */
record Step(Kind kind, List<String> path, JsonNode value, String text, String former) {
    /** What was done. */
    enum Kind {
        PUT,
        APPEND
    }

    Step {
        requireNonNull(kind, "kind is null");
        path = List.copyOf(path);
        requireNonNull(value, "value is null");
        requireNonNull(text, "text is null");
        requireNonNull(former, "former is null");
    }
}
