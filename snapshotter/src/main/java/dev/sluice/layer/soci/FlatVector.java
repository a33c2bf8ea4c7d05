package dev.sluice.layer.soci;

import dev.sluice.layer.InvalidLayerException;
import java.nio.ByteBuffer;

/**
 * Tables or strings of a {@link FlatBuffer}, in their order.
 *
 * @param first where the offset of the first one is
 */
record FlatVector(FlatBuffer buffer, int first, int count) {
    FlatTable table(int index) throws InvalidLayerException {
        return buffer.table(buffer.target(first + 4 * index));
    }

    /** A string, as its bytes; not copied. */
    ByteBuffer bytes(int index) throws InvalidLayerException {
        return buffer.content(buffer.target(first + 4 * index));
    }
}
