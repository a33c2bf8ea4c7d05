package dev.sluice.layer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Records of one size, little-endian, in pages: millions of them cost what they hold, neither objects nor the copies of a growing
 * array.
 */
final class Records {
    private static final int PER_PAGE = 1024;

    private final int size;
    private final List<ByteBuffer> pages = new ArrayList<>();
    private int count;

    /** @param size of a record, in bytes */
    Records(int size) {
        this.size = size;
    }

    int count() {
        return count;
    }

    /** Appends a record of zeros; the result is its number. */
    int add() {
        if (count % PER_PAGE == 0) {
            pages.add(ByteBuffer.allocate(PER_PAGE * size).order(ByteOrder.LITTLE_ENDIAN));
        }
        return count++;
    }

    /** The page that holds a record, for access at {@link #at}. */
    ByteBuffer page(int record) {
        return pages.get(record / PER_PAGE);
    }

    /** Where a record begins in its page. */
    int at(int record) {
        return record % PER_PAGE * size;
    }

    /** Appends a record's bytes to {@code out}. */
    void copy(int record, ByteBuffer out) {
        out.put(page(record).slice(at(record), size));
    }
}
