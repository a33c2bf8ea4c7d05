package dev.sluice.layer.tar;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Makes gzip members, and contents for them. */
final class Gzip {
    private static final byte[] PLAIN_HEADER = {0x1F, (byte) 0x8B, 8, 0, 0, 0, 0, 0, 0, 3};

    private Gzip() {}

    static byte[] member(byte[] content, int level) {
        return member(content, level, Deflater.DEFAULT_STRATEGY, PLAIN_HEADER);
    }

    static byte[] member(byte[] content, int level, int strategy, byte[] header) {
        Deflater deflater = new Deflater(level, true);
        deflater.setStrategy(strategy);
        deflater.setInput(content);
        deflater.finish();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(header);
        byte[] buffer = new byte[64 << 10];
        while (!deflater.finished()) {
            out.write(buffer, 0, deflater.deflate(buffer));
        }
        deflater.end();
        return join(out.toByteArray(), trailer(content));
    }

    static byte[] trailer(byte[] content) {
        CRC32 crc = new CRC32();
        crc.update(content);
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt((int) crc.getValue())
                .putInt(content.length)
                .array();
    }

    /** FEXTRA, FNAME, FCOMMENT and FHCRC. */
    static byte[] fullHeader() {
        byte[] header = "\u001f\u008b\u0008\u001e\0\0\0\0\0\u0003\u0003\0xyzname\0comment\0"
                .getBytes(StandardCharsets.ISO_8859_1);
        CRC32 crc = new CRC32();
        crc.update(header);
        return join(header, new byte[] {(byte) crc.getValue(), (byte) (crc.getValue() >> 8)});
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    /** Runs of random bytes, of a few different bytes, of repetitions from up to 32 KiB before, and of zeros. */
    static byte[] content(Random random, int length) {
        byte[] bytes = new byte[length];
        for (int at = 0; at < length; ) {
            int end = Math.min(length, at + 1 + random.nextInt(20_000));
            int kind = random.nextInt(4);
            int back = 1 + random.nextInt(Math.max(1, Math.min(at, 32 << 10)));
            for (; at < end; at++) {
                bytes[at] = switch (kind) {
                    case 0 -> (byte) random.nextInt();
                    case 1 -> (byte) ('a' + random.nextInt(12));
                    case 2 -> at >= back && random.nextInt(40) > 0 ? bytes[at - back] : (byte) random.nextInt();
                    default -> 0;
                };
            }
        }
        return bytes;
    }
}
