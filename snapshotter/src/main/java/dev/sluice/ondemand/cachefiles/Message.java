package dev.sluice.ondemand.cachefiles;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.sluice.ondemand.cachefiles.Protocol.Close;
import dev.sluice.ondemand.cachefiles.Protocol.Header;
import dev.sluice.ondemand.cachefiles.Protocol.Open;
import dev.sluice.ondemand.cachefiles.Protocol.Read;
import java.nio.ByteBuffer;

/**
 * One message of the kernel, as a view of the buffer that it was read into: nothing is allocated for a READ. The getters may be called
 * only after {@link #parse} said that the message is of their kind. For use by one thread.
 */
final class Message {
    /** What a message is. */
    enum Kind {
        OPEN,
        CLOSE,
        READ,
        /** An OPEN whose keys are not what it says; id and descriptor are known. */
        MALFORMED_OPEN,
        /** A READ of a range that cannot be; id and object are known. */
        MALFORMED_READ,
        /** Of an opcode that we do not know, so neither the answer to it. */
        UNKNOWN,
        /** Not even a message. */
        MALFORMED
    }

    private final ByteBuffer buffer;

    /** @param buffer in the machine's byte order; messages begin at its index 0 */
    Message(ByteBuffer buffer) {
        this.buffer = buffer;
    }

    /**
     * Looks at what was read.
     *
     * @param length bytes that the kernel wrote
     */
    Kind parse(int length) {
        if (length < Header.SIZE || length > buffer.capacity() || buffer.getInt(Header.LENGTH) != length) {
            return Kind.MALFORMED;
        }
        return switch (opcode()) {
            case Open.OPCODE -> open(length);
            case Close.OPCODE -> length == Header.SIZE ? Kind.CLOSE : Kind.MALFORMED;
            case Read.OPCODE -> read(length);
            default -> Kind.UNKNOWN;
        };
    }

    /** Unsigned; the kernel gives a number out again when the message was answered. */
    int id() {
        return buffer.getInt(Header.ID);
    }

    int opcode() {
        return buffer.getInt(Header.OPCODE);
    }

    int objectId() {
        return buffer.getInt(Header.OBJECT_ID);
    }

    /** The descriptor of the object, new in our process. */
    int fd() {
        return buffer.getInt(Open.FD);
    }

    String volumeKey() {
        return text(Open.KEYS, buffer.getInt(Open.VOLUME_KEY_SIZE) - 1);
    }

    String cookieKey() {
        return text(Open.KEYS + buffer.getInt(Open.VOLUME_KEY_SIZE), buffer.getInt(Open.COOKIE_KEY_SIZE));
    }

    /** In bytes, not negative. */
    long offset() {
        return buffer.getLong(Read.OFFSET);
    }

    /** How many bytes are needed; at least one, and the range ends before {@link Long#MAX_VALUE}. */
    long bytes() {
        return buffer.getLong(Read.BYTES);
    }

    private Kind open(int length) {
        if (length < Open.KEYS) {
            return Kind.MALFORMED;
        }
        long volume = Integer.toUnsignedLong(buffer.getInt(Open.VOLUME_KEY_SIZE));
        long cookie = Integer.toUnsignedLong(buffer.getInt(Open.COOKIE_KEY_SIZE));
        boolean whole = volume >= 1
                && cookie >= 1
                && Open.KEYS + volume + cookie == length
                && buffer.get(Open.KEYS + (int) volume - 1) == 0;
        return whole ? Kind.OPEN : Kind.MALFORMED_OPEN;
    }

    private Kind read(int length) {
        if (length != Read.SIZE) {
            return Kind.MALFORMED;
        }
        boolean sane = offset() >= 0 && bytes() > 0 && offset() <= Long.MAX_VALUE - bytes();
        return sane ? Kind.READ : Kind.MALFORMED_READ;
    }

    private String text(int from, int length) {
        byte[] bytes = new byte[length];
        buffer.get(from, bytes);
        return new String(bytes, ISO_8859_1);
    }
}
