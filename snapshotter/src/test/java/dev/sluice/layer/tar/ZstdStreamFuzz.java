package dev.sluice.layer.tar;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;

/**
 * Fuzzes zstd from the start and from each frame: a byte that says how far apart spans begin, one that says in which pieces the blob arrives, one
 * that says how it is made, and what follows is the blob, or is compressed into frames.
 */
public final class ZstdStreamFuzz {
    private static final int HEADER = 3;
    private static final int MAX_WINDOW_LOG = 27;

    private ZstdStreamFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        if (data.length < HEADER) {
            return;
        }
        byte[] rest = Arrays.copyOfRange(data, HEADER, data.length);
        StreamFuzz.check(
                Compression.ZSTD,
                blob(data[2] & 0xFF, rest),
                1 + 16 * (data[0] & 0xFF),
                1 + 16 * (data[1] & 0xFF),
                ZstdStreamFuzz::decode);
    }

    private static byte[] decode(byte[] blob, int most) throws IOException {
        try (ZstdInputStreamNoFinalizer in = new ZstdInputStreamNoFinalizer(new ByteArrayInputStream(blob))) {
            in.setLongMax(MAX_WINDOW_LOG);
            return in.readNBytes(most + 1);
        }
    }

    private static byte[] blob(int how, byte[] rest) {
        int half = rest.length / 2;
        return switch (how & 3) {
            case 0 -> Zstd.compress(rest, 1 + (how >> 4));
            case 1 ->
                Gzip.join(
                        Zstd.compress(Arrays.copyOf(rest, half)),
                        Zstd.compress(new byte[0]),
                        Zstd.compress(Arrays.copyOfRange(rest, half, rest.length)));
            default -> rest;
        };
    }
}
