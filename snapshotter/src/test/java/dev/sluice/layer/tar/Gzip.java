package dev.sluice.layer.tar;

import dev.sluice.layer.Bits;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
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

    /** A member of blocks of all kinds, and of all lengths up to 20,000 bytes. */
    static byte[] flushedMember(byte[] content, Random random) {
        Deflater deflater = new Deflater(6, true);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(PLAIN_HEADER);
        byte[] buffer = new byte[64 << 10];
        for (int at = 0; at < content.length; ) {
            int count = Math.min(1 + random.nextInt(20_000), content.length - at);
            deflater.setLevel(random.nextInt(10));
            deflater.setInput(content, at, count);
            int length;
            do {
                length = deflater.deflate(buffer, 0, buffer.length, Deflater.SYNC_FLUSH);
                out.write(buffer, 0, length);
            } while (length == buffer.length || !deflater.needsInput());
            at += count;
        }
        deflater.finish();
        while (!deflater.finished()) {
            out.write(buffer, 0, deflater.deflate(buffer));
        }
        deflater.end();
        return join(out.toByteArray(), trailer(content));
    }

    /** A member whose only block, with fixed codes, is a zero and its repetitions. */
    static byte[] oneBlockOfZeros(int count) {
        Bits bits = new Bits().put(1, 1).put(1, 2);
        int left = count;
        for (; left % 258 != 0; left--) {
            bits.putCode(0b0011_0000, 8);
        }
        for (; left > 0; left -= 258) {
            bits.putCode(0b1100_0101, 8).putCode(0, 5);
        }
        return join(PLAIN_HEADER, bits.put(0, 7).bytes(), trailer(new byte[count]));
    }

    /** A member of stored blocks that are empty, five bytes each. */
    static byte[] emptyBlocks(int count) {
        byte[] blocks = new byte[count * 5];
        for (int i = 0; i < count; i++) {
            blocks[i * 5] = (byte) (i == count - 1 ? 1 : 0);
            blocks[i * 5 + 3] = -1;
            blocks[i * 5 + 4] = -1;
        }
        return join(PLAIN_HEADER, blocks, trailer(new byte[0]));
    }

    /** What a program makes of its standard input; empty if it is not installed. */
    static Optional<byte[]> byProgram(List<String> command, byte[] content) throws IOException, InterruptedException {
        if (Arrays.stream(System.getenv("PATH").split(":"))
                .noneMatch(directory -> Files.isExecutable(Path.of(directory, command.get(0))))) {
            return Optional.empty();
        }
        Path file = Files.createTempFile("content", null);
        try {
            Files.write(file, content);
            Process process = new ProcessBuilder(command)
                    .redirectInput(file.toFile())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            byte[] blob = process.getInputStream().readAllBytes();
            if (process.waitFor() != 0) {
                throw new IOException(command + " failed");
            }
            return Optional.of(blob);
        } finally {
            Files.delete(file);
        }
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
