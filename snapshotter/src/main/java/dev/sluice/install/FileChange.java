package dev.sluice.install;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How one file becomes another one.
 *
 * @param path as the host sees it
 * @param before its text; empty if it is not there
 * @param after its text; empty if it goes
 * @param steps from the one to the other, in order
 */
public record FileChange(Path path, Optional<String> before, Optional<String> after, List<Step> steps) {
    public FileChange {
        requireNonNull(path, "path is null");
        requireNonNull(before, "before is null");
        requireNonNull(after, "after is null");
        steps = List.copyOf(steps);
    }
}
