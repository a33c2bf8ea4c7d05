package dev.sluice.layer;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/**
 * File names are bytes, Java's strings are not. UTF-8 is decoded as such; every byte that is no part of valid UTF-8 becomes the
 * lone surrogate U+DC00 + byte, so that {@code encode(decode(b))} is {@code b} for any bytes.
 */
public final class PathBytes {
    private PathBytes() {}

    /** Bytes of a path as a string. */
    public static String decode(byte[] bytes) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        while (true) {
            CoderResult result = decoder.decode(in, out, true);
            if (!result.isError()) {
                decoder.flush(out);
                return out.flip().toString();
            }
            for (int i = 0; i < result.length(); i++) {
                out.put((char) (0xDC00 + (in.get() & 0xFF)));
            }
            decoder.reset();
        }
    }

    /**
     * The bytes of a path that {@link #decode} or a well-formed source made.
     *
     * @throws IllegalArgumentException if a lone surrogate stands for no byte
     */
    public static byte[] encode(String path) {
        try {
            ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(path));
            byte[] result = new byte[bytes.remaining()];
            bytes.get(result);
            return result;
        } catch (CharacterCodingException e) {
            return encodeEscaped(path);
        }
    }

    private static byte[] encodeEscaped(String path) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(path.length() + 16);
        for (int i = 0; i < path.length(); ) {
            int c = path.codePointAt(i);
            if (c >= 0xDC80 && c <= 0xDCFF) {
                out.write(c - 0xDC00);
            } else if (c >= 0xD800 && c <= 0xDFFF) {
                throw new IllegalArgumentException("a lone surrogate stands for no byte: U+" + Integer.toHexString(c));
            } else {
                out.writeBytes(Character.toString(c).getBytes(StandardCharsets.UTF_8));
            }
            i += Character.charCount(c);
        }
        return out.toByteArray();
    }
}
