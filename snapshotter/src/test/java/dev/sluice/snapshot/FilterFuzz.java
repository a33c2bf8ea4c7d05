package dev.sluice.snapshot;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Objects;

/** Fuzzes the filters that clients of containerd send. */
public final class FilterFuzz {
    private FilterFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        try {
            Objects.requireNonNull(new FilterParser(new String(data, UTF_8)).parse());
        } catch (IllegalArgumentException e) {
            Objects.requireNonNull(e.getMessage());
        }
    }
}
