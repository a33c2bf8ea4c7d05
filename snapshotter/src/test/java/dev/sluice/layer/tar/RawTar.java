package dev.sluice.layer.tar;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/** Writes tars byte by byte, also such as no tool would write. Text is ISO 8859-1: each character is a byte. */
final class RawTar {
    private static final int BLOCK = 512;

    private final ByteArrayOutputStream tar = new ByteArrayOutputStream();

    /** A header whose fields can be changed; it gets its checksum when it is added. */
    static final class Header {
        private final byte[] block = new byte[BLOCK];

        Header set(int at, String bytes) {
            System.arraycopy(bytes.getBytes(ISO_8859_1), 0, block, at, bytes.length());
            return this;
        }

        Header octal(int at, int length, long value) {
            String digits = Long.toOctalString(value);
            return set(at, "0".repeat(length - 1 - digits.length()) + digits + "\0");
        }

        Header name(String name) {
            Arrays.fill(block, 0, 100, (byte) 0);
            return set(0, name);
        }

        Header link(String target) {
            return set(157, target);
        }

        Header size(long size) {
            return octal(124, 12, size);
        }

        Header magic(String magic) {
            return set(257, magic);
        }

        byte[] bytes() {
            byte[] bytes = block.clone();
            Arrays.fill(bytes, 148, 156, (byte) ' ');
            int sum = 0;
            for (byte b : bytes) {
                sum += b & 0xFF;
            }
            System.arraycopy("%06o\0 ".formatted(sum).getBytes(ISO_8859_1), 0, bytes, 148, 8);
            return bytes;
        }
    }

    /** Of ustar; mode 0644, owner 0:0, time 1000. */
    static Header header(char type, String name) {
        return new Header()
                .name(name)
                .octal(100, 8, 0644)
                .octal(108, 8, 0)
                .octal(116, 8, 0)
                .size(0)
                .octal(136, 12, 1000)
                .set(156, String.valueOf(type))
                .magic("ustar\00000")
                .octal(329, 8, 0)
                .octal(337, 8, 0);
    }

    RawTar bytes(byte[] bytes) {
        tar.writeBytes(bytes);
        return this;
    }

    RawTar add(Header header) {
        return bytes(header.bytes());
    }

    /** A header and what follows it, padded; the header's size is left as it is. */
    RawTar add(Header header, String body) {
        add(header);
        bytes(body.getBytes(ISO_8859_1));
        return bytes(new byte[-body.length() & (BLOCK - 1)]);
    }

    /** A header with the size of its body. */
    RawTar sized(Header header, String body) {
        return add(header.size(body.length()), body);
    }

    RawTar file(String name, String content) {
        return sized(header('0', name), content);
    }

    /** An extended header of pairs of keys and values. */
    RawTar pax(String... pairs) {
        StringBuilder records = new StringBuilder();
        for (int i = 0; i < pairs.length; i += 2) {
            records.append(record(pairs[i], pairs[i + 1]));
        }
        return sized(header('x', "PaxHeader"), records.toString());
    }

    static String record(String key, String value) {
        int rest = key.length() + value.length() + 3;
        int length = rest + String.valueOf(rest).length();
        length = rest + String.valueOf(length).length();
        return length + " " + key + "=" + value + "\n";
    }

    /** GNU's long name ('L') or long link ('K'). */
    RawTar gnuLong(char type, String text) {
        return sized(header(type, "././@LongLink").magic("ustar  \0"), text);
    }

    RawTar end() {
        return bytes(new byte[2 * BLOCK]);
    }

    byte[] build() {
        return tar.toByteArray();
    }
}
