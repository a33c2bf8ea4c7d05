package dev.sluice.layer;

/**
 * Deflate blocks (RFC 1951) that decode to nothing and end at any bit of a byte. One with fixed codes has 10 bits, one with dynamic
 * codes can have 93: some of the first, and one of the second if the length is odd, give every length modulo 8.
 */
final class EmptyBlocks {
    private static final int FIXED_BITS = 10;
    private static final int DYNAMIC_BITS = 93;

    private final byte[] bytes = new byte[(DYNAMIC_BITS + 3 * FIXED_BITS + 7) / 8];
    private int length;

    private EmptyBlocks() {}

    /**
     * Blocks that reach into a byte.
     *
     * @param bits how many of its highest bits are not theirs, 1 to 7
     * @param last the byte; its highest bits are kept
     */
    static byte[] before(int bits, byte last) {
        EmptyBlocks blocks = new EmptyBlocks();
        int wanted = 8 - bits;
        if (wanted % 2 != 0) {
            blocks.dynamic();
        }
        while (blocks.length % 8 != wanted) {
            blocks.fixed();
        }
        byte[] result = new byte[blocks.length / 8 + 1];
        System.arraycopy(blocks.bytes, 0, result, 0, result.length);
        result[result.length - 1] |= (byte) (last & 0xFF << wanted);
        return result;
    }

    /** Not final, type 1; end of block is seven zero bits. */
    private void fixed() {
        put(0, 1);
        put(1, 2);
        put(0, 7);
    }

    /**
     * Not final, type 2: 257 codes for literals and lengths, 1 for distances. Their lengths are written with the symbols 18 (11 to 138
     * zeros) as 0 and 1 as 1: 256 zeros, then twice 1, for end of block and a distance.
     */
    private void dynamic() {
        put(0, 1);
        put(2, 2);
        put(257 - 257, 5);
        put(1 - 1, 5);
        // Lengths of the code lengths' codes, in the order 16, 17, 18, 0, 8, 7, 9, ... 14, 1, 15. The last could be
        // left out, but
        // makes the block odd.
        put(19 - 4, 4);
        for (int i = 0; i < 19; i++) {
            put(i == 2 || i == 17 ? 1 : 0, 3);
        }
        // Codes of one length go by symbol: 1 is 0, 18 is 1.
        put(1, 1);
        put(138 - 11, 7);
        put(1, 1);
        put(118 - 11, 7);
        put(0, 1);
        put(0, 1);
        // End of block is the only code, a zero.
        put(0, 1);
    }

    /** Lowest bit first. */
    private void put(int value, int count) {
        for (int i = 0; i < count; i++, length++) {
            bytes[length / 8] |= (byte) ((value >> i & 1) << length % 8);
        }
    }
}
