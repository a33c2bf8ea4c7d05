package dev.sluice.snapshot;

import static java.util.Objects.requireNonNull;

import java.util.List;

/** A mount that containerd performs. */
record MountSpec(String type, String source, List<String> options) {
    MountSpec {
        requireNonNull(type, "type is null");
        requireNonNull(source, "source is null");
        options = List.copyOf(options);
    }
}
