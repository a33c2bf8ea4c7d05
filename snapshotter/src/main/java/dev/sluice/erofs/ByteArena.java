package dev.sluice.erofs;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Byte strings one after another in large segments, each behind its length (LEB128) and known by an {@code int}. Nothing is ever
 * removed. Not safe for use by many threads.
 */
final class ByteArena {
    private static final int SEGMENT_BITS = 20;
    private static final int SEGMENT = 1 << SEGMENT_BITS;
    private static final int MAX_SEGMENTS = 1 << (31 - SEGMENT_BITS);
    private static final int MAX_LENGTH = SEGMENT / 2;
    private static final int FIRST_SEGMENT = 4096;

    private byte[][] segments = {new byte[FIRST_SEGMENT]};
    private int last;
    private int used;

    /**
     * Stores a copy of {@code bytes[from, to)}.
     *
     * @throws ErofsException if all strings together would pass 2 GiB
     */
    int add(byte[] bytes, int from, int to) throws ErofsException {
        int length = to - from;
        if (length > MAX_LENGTH) {
            throw new IllegalArgumentException("too long for an arena: " + length);
        }
        reserve(length + 3);
        byte[] segment = segments[last];
        int position = last << SEGMENT_BITS | used;
        int rest = length;
        while (rest >= 0x80) {
            segment[used++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        segment[used++] = (byte) rest;
        System.arraycopy(bytes, from, segment, used, length);
        used += length;
        return position;
    }

    private void reserve(int room) throws ErofsException {
        int need = used + room;
        if (need <= segments[last].length) {
            return;
        }
        if (need <= SEGMENT) {
            // Only the first segment begins small.
            segments[last] =
                    Arrays.copyOf(segments[last], Math.min(SEGMENT, Math.max(need, 2 * segments[last].length)));
            return;
        }
        if (last + 1 == MAX_SEGMENTS) {
            throw new ErofsException("names, link targets and extended attributes take more than 2 GiB");
        }
        last++;
        if (last == segments.length) {
            segments = Arrays.copyOf(segments, Math.min(MAX_SEGMENTS, 2 * last));
        }
        segments[last] = new byte[SEGMENT];
        used = 0;
    }

    int length(int string) {
        byte[] segment = segments[string >>> SEGMENT_BITS];
        int i = string & (SEGMENT - 1);
        int length = 0;
        for (int shift = 0; ; shift += 7) {
            byte b = segment[i++];
            length |= (b & 0x7F) << shift;
            if (b >= 0) {
                return length;
            }
        }
    }

    byte[] get(int string) {
        int start = start(string);
        return Arrays.copyOfRange(segment(string), start, start + length(string));
    }

    void copyTo(int string, ByteBuffer out) {
        out.put(segment(string), start(string), length(string));
    }

    boolean contentEquals(int string, byte[] bytes, int from, int to) {
        int start = start(string);
        return Arrays.equals(segment(string), start, start + length(string), bytes, from, to);
    }

    /** Compares as unsigned bytes; a prefix comes before what it is a prefix of. */
    int compare(int a, int b) {
        int startA = start(a);
        int startB = start(b);
        return Arrays.compareUnsigned(segment(a), startA, startA + length(a), segment(b), startB, startB + length(b));
    }

    long hash(SipHash hash, long prefix, int string) {
        int start = start(string);
        return hash.hash(prefix, segment(string), start, start + length(string));
    }

    private byte[] segment(int string) {
        return segments[string >>> SEGMENT_BITS];
    }

    private int start(int string) {
        byte[] segment = segments[string >>> SEGMENT_BITS];
        int i = string & (SEGMENT - 1);
        while (segment[i++] < 0) {}
        return i;
    }
}
