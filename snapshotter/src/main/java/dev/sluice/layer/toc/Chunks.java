package dev.sluice.layer.toc;

import dev.sluice.layer.SpanTable;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** The chunks of all regular files of a table of contents, in columns: there may be millions. */
final class Chunks {
    private static final byte[] NO_DIGEST = new byte[SpanTable.DIGEST];

    private long[] offset = new long[1024];
    private long[] end = new long[1024];
    private long[] innerOffset = new long[1024];
    private long[] fileOffset = new long[1024];
    private int[] length = new int[1024];
    private int[] file = new int[1024];
    private byte[] digests = new byte[1024 * SpanTable.DIGEST];
    private int count;

    /**
     * @param fileNumber number of the file
     * @param blobOffset of the gzip member or zstd frame, in bytes
     * @param inner offset in what that decodes to, in bytes
     * @param offsetInFile in bytes
     * @param bytes length, at least 1
     * @param digest 32 bytes of SHA-256
     */
    void add(int fileNumber, long blobOffset, long inner, long offsetInFile, int bytes, byte[] digest) {
        if (count == length.length) {
            grow(count + (count >> 1));
        }
        file[count] = fileNumber;
        offset[count] = blobOffset;
        end[count] = 0;
        innerOffset[count] = inner;
        fileOffset[count] = offsetInFile;
        length[count] = bytes;
        System.arraycopy(digest, 0, digests, count * SpanTable.DIGEST, SpanTable.DIGEST);
        count++;
    }

    /**
     * Adds zeros, which need no bytes of the blob.
     *
     * @param blobOffset where it has them nevertheless, in bytes
     */
    void addZeros(int fileNumber, long blobOffset, long offsetInFile) {
        add(fileNumber, blobOffset, 0, offsetInFile, 0, NO_DIGEST);
    }

    /**
     * Says where the gzip member or zstd frame of the last chunk ends.
     *
     * @param blobOffset in bytes; 0 if that is not known
     */
    void endLast(long blobOffset) {
        end[count - 1] = blobOffset;
    }

    private void grow(int size) {
        file = Arrays.copyOf(file, size);
        offset = Arrays.copyOf(offset, size);
        end = Arrays.copyOf(end, size);
        innerOffset = Arrays.copyOf(innerOffset, size);
        fileOffset = Arrays.copyOf(fileOffset, size);
        length = Arrays.copyOf(length, size);
        digests = Arrays.copyOf(digests, size * SpanTable.DIGEST);
    }

    int count() {
        return count;
    }

    int file(int chunk) {
        return file[chunk];
    }

    long offset(int chunk) {
        return offset[chunk];
    }

    /** Where it ends in the blob, or less if that is not known. */
    long end(int chunk) {
        return end[chunk];
    }

    boolean isZeros(int chunk) {
        return length[chunk] == 0;
    }

    long innerOffset(int chunk) {
        return innerOffset[chunk];
    }

    long fileOffset(int chunk) {
        return fileOffset[chunk];
    }

    /** In bytes; meaningless for zeros. */
    int length(int chunk) {
        return length[chunk];
    }

    /** 32 bytes of SHA-256. */
    byte[] digest(int chunk) {
        return Arrays.copyOfRange(digests, chunk * SpanTable.DIGEST, (chunk + 1) * SpanTable.DIGEST);
    }

    /** All chunks as they lie in the blob. */
    int[] inBlobOrder() {
        Comparator<Integer> order =
                Comparator.<Integer>comparingLong(i -> offset[i]).thenComparingLong(i -> innerOffset[i]);
        int i = 1;
        while (i < count && order.compare(i - 1, i) <= 0) {
            i++;
        }
        if (i >= count) {
            return IntStream.range(0, count).toArray();
        }
        return IntStream.range(0, count)
                .boxed()
                .sorted(order)
                .mapToInt(Integer::intValue)
                .toArray();
    }
}
