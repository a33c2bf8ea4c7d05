package dev.sluice.layer.tar;

import dev.sluice.layer.InvalidLayerException;
import java.util.Arrays;

/** The parts of a sparse file that are stored in the tar; all others are zeros. Not safe for use by many threads. */
final class SparseMap {
    /** Most bytes that describe a map. */
    static final int MAX_BYTES = 1 << 20;

    private long[] parts = new long[16];
    private int count;

    /**
     * @param offset in the file, in bytes
     * @param length in bytes
     */
    void add(long offset, long length) {
        if (2 * count == parts.length) {
            parts = Arrays.copyOf(parts, 2 * parts.length);
        }
        parts[2 * count] = offset;
        parts[2 * count + 1] = length;
        count++;
    }

    int count() {
        return count;
    }

    long offset(int part) {
        return parts[2 * part];
    }

    long length(int part) {
        return parts[2 * part + 1];
    }

    /** Bytes of all parts. To be asked after {@link #check}. */
    long stored() {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += length(i);
        }
        return sum;
    }

    /** @throws InvalidLayerException if parts overlap, are out of order, or lie outside of a file of {@code size} bytes */
    void check(long size) throws InvalidLayerException {
        long end = 0;
        for (int i = 0; i < count; i++) {
            if (offset(i) < end || length(i) < 0 || length(i) > size - offset(i)) {
                throw new InvalidLayerException("sparse file of " + size + " bytes has a part of " + length(i)
                        + " bytes at " + offset(i) + " that overlaps or lies outside");
            }
            end = offset(i) + length(i);
        }
        if (size < 0) {
            throw new InvalidLayerException("sparse file has a size of " + size + " bytes");
        }
    }

    /** Adds {@code pairs} offsets and lengths, decimal, which begin at the index {@code from}. */
    void addAll(String[] numbers, int from, int pairs) throws InvalidLayerException {
        for (int i = from; i < from + 2 * pairs; i += 2) {
            add(Numbers.decimal(numbers[i]), Numbers.decimal(numbers[i + 1]));
        }
    }
}
