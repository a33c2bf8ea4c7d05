package dev.sluice.layer.estargz;

import dev.sluice.layer.InvalidLayerException;
import java.nio.ByteBuffer;
import java.util.Objects;

/** Fuzzes the last bytes of a blob that says it is eStargz. */
public final class FooterFuzz {
    private static final long BLOB = 1 << 20;

    private FooterFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        try {
            Objects.requireNonNull(Footer.parse(ByteBuffer.wrap(data), BLOB));
        } catch (InvalidLayerException e) {
            Objects.requireNonNull(e.getMessage());
        }
    }
}
