package dev.sluice.fill;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/** Names one run of the kernel: what sits in its page cache survives a crash of ours, and nothing else's. */
public record BootId(UUID value) {
    private static final Path SOURCE = Path.of("/proc/sys/kernel/random/boot_id");

    public BootId {
        requireNonNull(value, "value is null");
    }

    /**
     * From {@link #value}'s text.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static BootId parse(String text) {
        return new BootId(UUID.fromString(text));
    }

    /**
     * That of the running kernel.
     *
     * @throws IOException if {@code /proc} does not tell
     */
    public static BootId current() throws IOException {
        try {
            return new BootId(UUID.fromString(Files.readString(SOURCE).strip()));
        } catch (IllegalArgumentException e) {
            throw new IOException("Tried to read " + SOURCE + " but failed because: " + e.getMessage(), e);
        }
    }
}
