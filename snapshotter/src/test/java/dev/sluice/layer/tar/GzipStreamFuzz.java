package dev.sluice.layer.tar;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;

/**
 * Fuzzes gzip from the start and from the middle: a byte that says how far apart spans begin, one that says in which pieces the blob arrives, one
 * that says how it is made, and what follows is the blob, or is compressed into it, with all kinds of blocks.
 */
public final class GzipStreamFuzz {
    private static final int HEADER = 3;

    private GzipStreamFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        if (data.length < HEADER) {
            return;
        }
        byte[] rest = Arrays.copyOfRange(data, HEADER, data.length);
        StreamFuzz.check(
                Compression.GZIP,
                blob(data[2] & 0xFF, rest),
                64 * (1 + (data[0] & 0xFF)),
                1 + 16 * (data[1] & 0xFF),
                (blob, most) -> {
                    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(blob))) {
                        return in.readNBytes(most + 1);
                    }
                });
    }

    private static byte[] blob(int how, byte[] rest) throws IOException {
        int half = rest.length / 2;
        return switch (how & 7) {
            case 0 -> Gzip.member(rest, how >> 4 & 7);
            case 1 -> Gzip.flushedMember(repeated(rest, 1 + (how >> 3 & 7)), new Random(how));
            case 2 -> Gzip.member(rest, 6, Deflater.HUFFMAN_ONLY, Gzip.fullHeader());
            case 3 ->
                Gzip.join(
                        Gzip.member(Arrays.copyOf(rest, half), 9),
                        Gzip.member(new byte[0], 1),
                        Gzip.member(Arrays.copyOfRange(rest, half, rest.length), 1));
            default -> rest;
        };
    }

    private static byte[] repeated(byte[] bytes, int times) {
        byte[] all = new byte[bytes.length * times];
        for (int i = 0; i < times; i++) {
            System.arraycopy(bytes, 0, all, i * bytes.length, bytes.length);
        }
        return all;
    }
}
