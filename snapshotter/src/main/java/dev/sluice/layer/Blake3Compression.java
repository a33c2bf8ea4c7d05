package dev.sluice.layer;

import java.nio.ByteBuffer;

/**
 * The compression function of BLAKE3. The state stays in local variables: that is what makes it several times as fast as one with
 * arrays.
 */
final class Blake3Compression {
    /** Bytes of a block. */
    static final int BLOCK = 64;

    /** Initial chaining value: that of SHA-256. */
    static final int[] IV = {
        0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19
    };

    private static final int ROUNDS = 7;

    private Blake3Compression() {}

    /**
     * Compresses a block.
     *
     * @param chaining eight words, replaced by the first eight of the result
     * @param block little-endian; the 64 bytes at {@code offset} are the block, zeros after {@code length}
     * @param counter number of the chunk
     * @param flags of BLAKE3's specification
     */
    static void compress(int[] chaining, ByteBuffer block, int offset, long counter, int length, int flags) {
        int m0 = block.getInt(offset + 0);
        int m1 = block.getInt(offset + 4);
        int m2 = block.getInt(offset + 8);
        int m3 = block.getInt(offset + 12);
        int m4 = block.getInt(offset + 16);
        int m5 = block.getInt(offset + 20);
        int m6 = block.getInt(offset + 24);
        int m7 = block.getInt(offset + 28);
        int m8 = block.getInt(offset + 32);
        int m9 = block.getInt(offset + 36);
        int m10 = block.getInt(offset + 40);
        int m11 = block.getInt(offset + 44);
        int m12 = block.getInt(offset + 48);
        int m13 = block.getInt(offset + 52);
        int m14 = block.getInt(offset + 56);
        int m15 = block.getInt(offset + 60);
        int v0 = chaining[0];
        int v1 = chaining[1];
        int v2 = chaining[2];
        int v3 = chaining[3];
        int v4 = chaining[4];
        int v5 = chaining[5];
        int v6 = chaining[6];
        int v7 = chaining[7];
        int v8 = IV[0];
        int v9 = IV[1];
        int v10 = IV[2];
        int v11 = IV[3];
        int v12 = (int) counter;
        int v13 = (int) (counter >>> 32);
        int v14 = length;
        int v15 = flags;
        for (int round = 0; round < ROUNDS; round++) {
            v0 += v4 + m0;
            v12 = Integer.rotateRight(v12 ^ v0, 16);
            v8 += v12;
            v4 = Integer.rotateRight(v4 ^ v8, 12);
            v0 += v4 + m1;
            v12 = Integer.rotateRight(v12 ^ v0, 8);
            v8 += v12;
            v4 = Integer.rotateRight(v4 ^ v8, 7);
            v1 += v5 + m2;
            v13 = Integer.rotateRight(v13 ^ v1, 16);
            v9 += v13;
            v5 = Integer.rotateRight(v5 ^ v9, 12);
            v1 += v5 + m3;
            v13 = Integer.rotateRight(v13 ^ v1, 8);
            v9 += v13;
            v5 = Integer.rotateRight(v5 ^ v9, 7);
            v2 += v6 + m4;
            v14 = Integer.rotateRight(v14 ^ v2, 16);
            v10 += v14;
            v6 = Integer.rotateRight(v6 ^ v10, 12);
            v2 += v6 + m5;
            v14 = Integer.rotateRight(v14 ^ v2, 8);
            v10 += v14;
            v6 = Integer.rotateRight(v6 ^ v10, 7);
            v3 += v7 + m6;
            v15 = Integer.rotateRight(v15 ^ v3, 16);
            v11 += v15;
            v7 = Integer.rotateRight(v7 ^ v11, 12);
            v3 += v7 + m7;
            v15 = Integer.rotateRight(v15 ^ v3, 8);
            v11 += v15;
            v7 = Integer.rotateRight(v7 ^ v11, 7);
            v0 += v5 + m8;
            v15 = Integer.rotateRight(v15 ^ v0, 16);
            v10 += v15;
            v5 = Integer.rotateRight(v5 ^ v10, 12);
            v0 += v5 + m9;
            v15 = Integer.rotateRight(v15 ^ v0, 8);
            v10 += v15;
            v5 = Integer.rotateRight(v5 ^ v10, 7);
            v1 += v6 + m10;
            v12 = Integer.rotateRight(v12 ^ v1, 16);
            v11 += v12;
            v6 = Integer.rotateRight(v6 ^ v11, 12);
            v1 += v6 + m11;
            v12 = Integer.rotateRight(v12 ^ v1, 8);
            v11 += v12;
            v6 = Integer.rotateRight(v6 ^ v11, 7);
            v2 += v7 + m12;
            v13 = Integer.rotateRight(v13 ^ v2, 16);
            v8 += v13;
            v7 = Integer.rotateRight(v7 ^ v8, 12);
            v2 += v7 + m13;
            v13 = Integer.rotateRight(v13 ^ v2, 8);
            v8 += v13;
            v7 = Integer.rotateRight(v7 ^ v8, 7);
            v3 += v4 + m14;
            v14 = Integer.rotateRight(v14 ^ v3, 16);
            v9 += v14;
            v4 = Integer.rotateRight(v4 ^ v9, 12);
            v3 += v4 + m15;
            v14 = Integer.rotateRight(v14 ^ v3, 8);
            v9 += v14;
            v4 = Integer.rotateRight(v4 ^ v9, 7);
            // The words for the next round.
            int n0 = m2;
            int n1 = m6;
            int n2 = m3;
            int n3 = m10;
            int n4 = m7;
            int n5 = m0;
            int n6 = m4;
            int n7 = m13;
            int n8 = m1;
            int n9 = m11;
            int n10 = m12;
            int n11 = m5;
            int n12 = m9;
            int n13 = m14;
            int n14 = m15;
            int n15 = m8;
            m0 = n0;
            m1 = n1;
            m2 = n2;
            m3 = n3;
            m4 = n4;
            m5 = n5;
            m6 = n6;
            m7 = n7;
            m8 = n8;
            m9 = n9;
            m10 = n10;
            m11 = n11;
            m12 = n12;
            m13 = n13;
            m14 = n14;
            m15 = n15;
        }
        chaining[0] = v0 ^ v8;
        chaining[1] = v1 ^ v9;
        chaining[2] = v2 ^ v10;
        chaining[3] = v3 ^ v11;
        chaining[4] = v4 ^ v12;
        chaining[5] = v5 ^ v13;
        chaining[6] = v6 ^ v14;
        chaining[7] = v7 ^ v15;
    }
}
