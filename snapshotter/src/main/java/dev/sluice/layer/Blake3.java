package dev.sluice.layer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * BLAKE3 with 32 bytes of output, without a key, for bytes that are in memory: RAFS names its chunks by it. From "BLAKE3: one
 * function, fast everywhere" (O'Connor, Aumasson, Neves, Wilcox-O'Hearn). Safe for use by many threads.
 */
public final class Blake3 {
    /** Bytes of a chunk, a leaf of the tree. */
    private static final int CHUNK = 1024;

    private static final int CHUNK_START = 1;
    private static final int CHUNK_END = 2;
    private static final int PARENT = 4;
    private static final int ROOT = 8;
    private static final int WORDS = 8;
    /** As many subtrees of different heights can wait for their right neighbour: chunks are counted by an int. */
    private static final int MAX_STACK = 32;

    private Blake3() {}

    /**
     * The digest of all remaining bytes, whose position and byte order stay.
     *
     * @return 32 bytes
     */
    public static byte[] digest(ByteBuffer bytes) {
        ByteBuffer in = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer last = ByteBuffer.allocate(Blake3Compression.BLOCK).order(ByteOrder.LITTLE_ENDIAN);
        int chunks = Math.max(1, (int) (((long) in.limit() + CHUNK - 1) / CHUNK));
        int[][] stack = new int[MAX_STACK][WORDS];
        int depth = 0;
        for (int chunk = 0; chunk < chunks - 1; chunk++) {
            chunk(in, last, chunk, stack[depth++], 0);
            // Each zero bit of the number of chunks was a subtree that is now full.
            for (int done = chunk + 1; (done & 1) == 0; done >>>= 1) {
                depth--;
                parent(stack[depth - 1], stack[depth], last, 0);
            }
        }
        int[] right = new int[WORDS];
        chunk(in, last, chunks - 1, right, depth == 0 ? ROOT : 0);
        while (depth > 0) {
            depth--;
            parent(stack[depth], right, last, depth == 0 ? ROOT : 0);
            right = stack[depth];
        }
        ByteBuffer digest = ByteBuffer.allocate(WORDS * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        digest.asIntBuffer().put(right);
        return digest.array();
    }

    private static void chunk(ByteBuffer in, ByteBuffer last, int chunk, int[] result, int rootFlag) {
        System.arraycopy(Blake3Compression.IV, 0, result, 0, WORDS);
        int at = chunk * CHUNK;
        int end = (int) Math.min(in.limit(), at + (long) CHUNK);
        int flags = CHUNK_START;
        while (end - at > Blake3Compression.BLOCK) {
            Blake3Compression.compress(result, in, at, chunk, Blake3Compression.BLOCK, flags);
            at += Blake3Compression.BLOCK;
            flags = 0;
        }
        int length = end - at;
        int lastFlags = flags | CHUNK_END | rootFlag;
        if (length == Blake3Compression.BLOCK) {
            Blake3Compression.compress(result, in, at, chunk, length, lastFlags);
        } else {
            last.clear().put(in.slice(at, length)).put(new byte[last.remaining()]);
            Blake3Compression.compress(result, last, 0, chunk, length, lastFlags);
        }
    }

    /** Makes {@code left} the node above both. */
    private static void parent(int[] left, int[] right, ByteBuffer block, int rootFlag) {
        for (int i = 0; i < WORDS; i++) {
            block.putInt(4 * i, left[i]).putInt(Blake3Compression.BLOCK / 2 + 4 * i, right[i]);
        }
        System.arraycopy(Blake3Compression.IV, 0, left, 0, WORDS);
        Blake3Compression.compress(left, block, 0, 0, Blake3Compression.BLOCK, PARENT | rootFlag);
    }
}
