package dev.sluice.layer;

import static java.util.Objects.requireNonNull;

/**
 * What an extent's bytes are checked against.
 *
 * @param value 32 bytes; not changed by anybody
 */
public record ExtentDigest(Kind kind, byte[] value) {
    /** Hash functions with 32 bytes of output. */
    public enum Kind {
        SHA256,
        BLAKE3
    }

    public ExtentDigest {
        requireNonNull(kind, "kind is null");
        if (value.length != SpanTable.DIGEST) {
            throw new IllegalArgumentException("digest has " + value.length + " bytes");
        }
    }
}
