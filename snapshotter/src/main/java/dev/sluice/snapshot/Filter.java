package dev.sluice.snapshot;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Chooses objects by their fields, in containerd's filter language: {@code name==x,labels."a.b"!=y}. A filter is a list of
 * selectors, all of which must hold; of several filters one must. Immutable.
 *
 * <p>Regular expressions are Java's, which agree with containerd's (RE2) on what both have.
 */
final class Filter {
    /** An object's fields. */
    interface Fields {
        /** The value of a field; empty if the object has no such field. */
        Optional<String> get(List<String> path);
    }

    /** What a selector asks of a field. */
    sealed interface Condition {
        record Present() implements Condition {}

        record Equal(String value) implements Condition {}

        record NotEqual(String value) implements Condition {}

        record Matches(Pattern pattern) implements Condition {}
    }

    /** A field and what is asked of it. */
    record Selector(List<String> path, Condition condition) {
        Selector {
            path = List.copyOf(path);
        }

        boolean holds(Fields fields) {
            Optional<String> value = fields.get(path);
            if (condition instanceof Condition.Equal equal) {
                return value.isPresent() && value.get().equals(equal.value());
            } else if (condition instanceof Condition.NotEqual notEqual) {
                return !value.orElse("").equals(notEqual.value());
            } else if (condition instanceof Condition.Matches matches) {
                return matches.pattern().matcher(value.orElse("")).find();
            }
            return value.isPresent();
        }
    }

    private final List<List<Selector>> alternatives;

    private Filter(List<List<Selector>> alternatives) {
        this.alternatives = alternatives;
    }

    /**
     * Parses filters, one of which must hold; an empty list, like an empty filter, holds for everything.
     *
     * @throws IllegalArgumentException if one is malformed; the message says where
     */
    static Filter parse(List<String> filters) {
        return new Filter(
                filters.stream().map(text -> new FilterParser(text).parse()).toList());
    }

    /** Whether the object with these fields is chosen. */
    boolean matches(Fields fields) {
        return alternatives.isEmpty()
                || alternatives.stream()
                        .anyMatch(selectors -> selectors.stream().allMatch(selector -> selector.holds(fields)));
    }
}
