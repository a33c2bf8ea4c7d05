package dev.sluice.snapshot;

import static dev.sluice.snapshot.SnapshotException.invalidArgument;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * New labels for a snapshot: all of {@code labels}, or of the paths {@code labels.x} alone. A label that is named and not given
 * becomes empty, which {@link Snapshot} takes for none.
 */
record LabelUpdate(Map<String, String> labels, List<String> paths) implements UnaryOperator<Map<String, String>> {
    private static final String ALL = "labels";
    private static final String ONE = "labels.";

    /** @throws SnapshotException if a path names something else: only labels can change */
    static LabelUpdate of(Map<String, String> labels, List<String> paths) throws SnapshotException {
        for (String path : paths) {
            if (!path.equals(ALL) && !path.startsWith(ONE)) {
                throw invalidArgument("only labels of a snapshot can be changed: " + path);
            }
        }
        return new LabelUpdate(Map.copyOf(labels), List.copyOf(paths));
    }

    @Override
    public Map<String, String> apply(Map<String, String> old) {
        if (paths.isEmpty()) {
            return labels;
        }
        Map<String, String> updated = new HashMap<>(old);
        for (String path : paths) {
            if (path.equals(ALL)) {
                updated = new HashMap<>(labels);
            } else {
                String label = path.substring(ONE.length());
                updated.put(label, labels.getOrDefault(label, ""));
            }
        }
        return updated;
    }
}
