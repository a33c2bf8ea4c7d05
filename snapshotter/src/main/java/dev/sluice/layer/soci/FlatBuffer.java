package dev.sluice.layer.soci;

import dev.sluice.layer.InvalidLayerException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Foreign bytes in the format of FlatBuffers, little-endian: tables, vectors and strings that point at each other. Every place is checked
 * before it is read. They may point at one place many times, so there is an end to how much is read in all. For use by one thread.
 */
final class FlatBuffer {
    private static final int LENGTH = 4;
    /** Strings and vectors that are read must not be longer together than so many times the buffer. Whoever shares nothing needs one. */
    private static final int SHARED = 2;

    private final ByteBuffer bytes;
    private long left;

    /** @param bytes from position to limit; not changed */
    FlatBuffer(ByteBuffer bytes) {
        this.bytes = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
        left = (long) SHARED * bytes.remaining();
    }

    FlatTable root() throws InvalidLayerException {
        return table(target(0));
    }

    FlatTable table(int at) throws InvalidLayerException {
        long vtable = (long) at - getInt(at);
        check(vtable, 4);
        int size = bytes.getShort((int) vtable) & 0xFFFF;
        check(vtable, Math.max(size, 4));
        return new FlatTable(this, at, (int) vtable, size);
    }

    /** Where the offset that stands at {@code at} points to. */
    int target(int at) throws InvalidLayerException {
        check(at, LENGTH);
        long target = at + (bytes.getInt(at) & 0xFFFFFFFFL);
        check(target, LENGTH);
        return (int) target;
    }

    /**
     * Length of the vector or string at a place. Its elements follow, and are inside of the buffer.
     *
     * @param elementSize in bytes
     */
    int length(int at, int elementSize) throws InvalidLayerException {
        check(at, LENGTH);
        long bytesOfAll = (bytes.getInt(at) & 0xFFFFFFFFL) * elementSize;
        check((long) at + LENGTH, bytesOfAll);
        left -= LENGTH + bytesOfAll;
        if (left < 0) {
            throw new InvalidLayerException("parts of the ztoc point at the same place too often");
        }
        return bytes.getInt(at);
    }

    /** The bytes of the string or vector of bytes at a place; not copied. */
    ByteBuffer content(int at) throws InvalidLayerException {
        int length = length(at, 1);
        return bytes.slice(at + LENGTH, length).order(ByteOrder.LITTLE_ENDIAN);
    }

    byte getByte(int at) throws InvalidLayerException {
        check(at, 1);
        return bytes.get(at);
    }

    int getShort(int at) throws InvalidLayerException {
        check(at, 2);
        return bytes.getShort(at) & 0xFFFF;
    }

    int getInt(int at) throws InvalidLayerException {
        check(at, 4);
        return bytes.getInt(at);
    }

    long getLong(int at) throws InvalidLayerException {
        check(at, 8);
        return bytes.getLong(at);
    }

    private void check(long at, long length) throws InvalidLayerException {
        if (at < 0 || at > bytes.limit() - length) {
            throw new InvalidLayerException("ztoc of " + bytes.limit() + " bytes points beyond its end");
        }
    }
}
