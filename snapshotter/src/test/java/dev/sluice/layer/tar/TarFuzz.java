package dev.sluice.layer.tar;

import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.PlainLayerLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/** Fuzzes tars. The first byte says how long the pieces are in which it arrives; what comes of it does not depend on that. */
public final class TarFuzz {
    private static final PlainLayerLimits LIMITS = new PlainLayerLimits(1000, 1 << 16, 1 << 20, 1 << 20, 1 << 30);
    private static final int CHECKSUM = 148;

    private TarFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        if (data.length == 0) {
            return;
        }
        byte[] tar = new byte[data.length - 1];
        System.arraycopy(data, 1, tar, 0, tar.length);
        mendChecksums(tar);
        String whole = read(tar, tar.length + 1);
        String pieces = read(tar, 1 + (data[0] & 0xFF));
        if (!whole.equals(pieces)) {
            throw new AssertionError("in one piece: " + whole + ", in pieces: " + pieces);
        }
    }

    /** Or hardly anything would come past them: a header whose checksum begins with a question mark gets the right one. */
    private static void mendChecksums(byte[] tar) {
        for (int block = 0; block + HeaderBlock.SIZE <= tar.length; block += HeaderBlock.SIZE) {
            if (tar[block + CHECKSUM] != '?') {
                continue;
            }
            int sum = 0;
            for (int i = 0; i < HeaderBlock.SIZE; i++) {
                sum += i >= CHECKSUM && i < CHECKSUM + 8 ? ' ' : tar[block + i] & 0xFF;
            }
            for (int i = 7; i >= 0; i--) {
                tar[block + CHECKSUM + i] = (byte) ('0' + (sum & 7));
                sum >>= 3;
            }
        }
    }

    private static String read(byte[] tar, int piece) throws IOException {
        long[] last = new long[1];
        TarScanner scanner = new TarScanner(
                LIMITS,
                (offset, bytes) -> {
                    if (offset < last[0] || !bytes.hasRemaining()) {
                        throw new AssertionError("files come out of order: " + offset + " after " + last[0]);
                    }
                    last[0] = offset + bytes.remaining();
                },
                bytes -> {});
        try {
            for (int at = 0; at < tar.length; at += piece) {
                scanner.accept(ByteBuffer.wrap(tar, at, Math.min(piece, tar.length - at)));
            }
            scanner.finish();
            if (scanner.position() != tar.length || last[0] > scanner.pieces().deviceSize()) {
                throw new AssertionError("what was read is not what there is");
            }
            return scanner.entries().stream()
                    .map(Object::toString)
                    .toList()
                    .toString()
                    .replaceAll("@[0-9a-f]+", "");
        } catch (InvalidLayerException e) {
            return Objects.requireNonNull(e.getMessage());
        }
    }
}
