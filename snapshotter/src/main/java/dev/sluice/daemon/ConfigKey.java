package dev.sluice.daemon;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * One key of the configuration.
 *
 * @param name with its table: {@code registry.retries}
 * @param documentation lines of the annotated file
 */
record ConfigKey<T>(String name, ConfigType<T> type, T defaultValue, List<String> documentation) {
    ConfigKey {
        requireNonNull(name, "name is null");
        requireNonNull(type, "type is null");
        requireNonNull(defaultValue, "defaultValue is null");
        documentation = List.copyOf(documentation);
    }

    static <T> ConfigKey<T> of(String name, ConfigType<T> type, T defaultValue, String... documentation) {
        return new ConfigKey<>(name, type, defaultValue, List.of(documentation));
    }

    /** The table the key stands in; empty at the top. */
    String table() {
        int dot = name.lastIndexOf('.');
        return dot < 0 ? "" : name.substring(0, dot);
    }

    /** {@code key = default}, as TOML. */
    String defaultLine() {
        return name.substring(name.lastIndexOf('.') + 1) + " = " + type.writer().apply(defaultValue);
    }
}
