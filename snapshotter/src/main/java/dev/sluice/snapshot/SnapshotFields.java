package dev.sluice.snapshot;

import java.util.List;
import java.util.Optional;

/** The fields of a snapshot that a filter can name: {@code name}, {@code parent}, {@code kind} and {@code labels}. */
record SnapshotFields(Snapshot snapshot) implements Filter.Fields {
    @Override
    public Optional<String> get(List<String> path) {
        return switch (path.get(0)) {
            case "name" -> Optional.of(snapshot.name());
            case "parent" -> Optional.of(snapshot.parent().orElse(""));
            case "kind" ->
                Optional.of(
                        switch (snapshot.kind()) {
                            case VIEW -> "view";
                            case ACTIVE -> "active";
                            case COMMITTED -> "committed";
                        });
            case "labels" -> Optional.ofNullable(snapshot.labels().get(String.join(".", path.subList(1, path.size()))));
            default -> Optional.empty();
        };
    }
}
