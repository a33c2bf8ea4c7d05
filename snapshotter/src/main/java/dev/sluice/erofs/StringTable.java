package dev.sluice.erofs;

import java.util.Arrays;

/** Numbers different byte strings 0, 1, 2, ... in the order in which they first come. Not safe for use by many threads. */
final class StringTable {
    private final ByteArena arena;
    private final SipHash hash;
    private int[] strings = new int[16];
    private int[] buckets = new int[64];
    private int size;

    StringTable(ByteArena arena, SipHash hash) {
        this.arena = arena;
        this.hash = hash;
    }

    int size() {
        return size;
    }

    /** Where the arena has the string with this number. */
    int string(int number) {
        return strings[number];
    }

    /** The number of a string, which is stored if it is new. */
    int number(byte[] bytes) throws ErofsException {
        int bucket = bucket(hash.hash(0, bytes, 0, bytes.length));
        while (buckets[bucket] != 0) {
            int number = buckets[bucket] - 1;
            if (arena.contentEquals(strings[number], bytes, 0, bytes.length)) {
                return number;
            }
            bucket = (bucket + 1) & (buckets.length - 1);
        }
        if (size == strings.length) {
            strings = Arrays.copyOf(strings, 2 * size);
        }
        strings[size] = arena.add(bytes, 0, bytes.length);
        buckets[bucket] = ++size;
        if (2 * size > buckets.length) {
            grow();
        }
        return size - 1;
    }

    private void grow() {
        buckets = new int[2 * buckets.length];
        for (int number = 0; number < size; number++) {
            int bucket = bucket(arena.hash(hash, 0, strings[number]));
            while (buckets[bucket] != 0) {
                bucket = (bucket + 1) & (buckets.length - 1);
            }
            buckets[bucket] = number + 1;
        }
    }

    private int bucket(long value) {
        return (int) value & (buckets.length - 1);
    }
}
