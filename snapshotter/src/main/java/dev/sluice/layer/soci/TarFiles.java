package dev.sluice.layer.soci;

import java.util.Arrays;

/** Where the contents of regular files are in the tar, in their order, in columns: there may be millions. Not safe for use by many threads. */
final class TarFiles {
    private long[] offsets = new long[256];
    private long[] sizes = new long[256];
    private int count;

    /** @return the file's number */
    int add(long tarOffset, long size) {
        if (count == offsets.length) {
            offsets = Arrays.copyOf(offsets, 2 * count);
            sizes = Arrays.copyOf(sizes, 2 * count);
        }
        offsets[count] = tarOffset;
        sizes[count] = size;
        return count++;
    }

    int count() {
        return count;
    }

    long offset(int file) {
        return offsets[file];
    }

    long size(int file) {
        return sizes[file];
    }
}
