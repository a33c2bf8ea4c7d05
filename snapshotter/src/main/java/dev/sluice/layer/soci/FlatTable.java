package dev.sluice.layer.soci;

import dev.sluice.layer.InvalidLayerException;
import java.nio.ByteBuffer;

/**
 * One table of a {@link FlatBuffer}. Its fields are numbered in the order of its schema; one that is not there has a default.
 *
 * @param at where it is
 * @param vtable where it is written where the fields are: two lengths, then an offset for each field, of 2 bytes each
 * @param vtableSize in bytes
 */
record FlatTable(FlatBuffer buffer, int at, int vtable, int vtableSize) {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0).asReadOnlyBuffer();

    long number(int field) throws InvalidLayerException {
        int place = place(field);
        return place < 0 ? 0 : buffer.getLong(place);
    }

    int integer(int field) throws InvalidLayerException {
        int place = place(field);
        return place < 0 ? 0 : buffer.getInt(place);
    }

    int enumerated(int field, int absent) throws InvalidLayerException {
        int place = place(field);
        return place < 0 ? absent : buffer.getByte(place);
    }

    /** A string or a vector of bytes; empty if it is not there. Not copied. */
    ByteBuffer bytes(int field) throws InvalidLayerException {
        int place = place(field);
        return place < 0 ? NOTHING : buffer.content(buffer.target(place));
    }

    /** @throws InvalidLayerException if there is none */
    FlatTable table(int field) throws InvalidLayerException {
        int place = place(field);
        if (place < 0) {
            throw new InvalidLayerException("ztoc lacks a part that it cannot be without");
        }
        return buffer.table(buffer.target(place));
    }

    /** A vector of tables or strings; empty if it is not there. */
    FlatVector vector(int field) throws InvalidLayerException {
        int place = place(field);
        if (place < 0) {
            return new FlatVector(buffer, 0, 0);
        }
        int vector = buffer.target(place);
        return new FlatVector(buffer, vector + 4, buffer.length(vector, 4));
    }

    /** Where a field is; negative if it is not there. */
    private int place(int field) throws InvalidLayerException {
        int entry = 4 + 2 * field;
        int offset = entry + 2 > vtableSize ? 0 : buffer.getShort(vtable + entry);
        return offset == 0 ? -1 : at + offset;
    }
}
