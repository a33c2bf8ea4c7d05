package dev.sluice.ondemand.cachefiles;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Fuzzes what the kernel sends through {@code /dev/cachefiles}: what a message is said to be can be had from it. */
public final class MessageFuzz {
    private static final int BUFFER = 4096;

    private MessageFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        ByteBuffer bytes = ByteBuffer.allocate(BUFFER).order(ByteOrder.nativeOrder());
        bytes.put(0, data, 0, Math.min(data.length, BUFFER));
        Message message = new Message(bytes);
        // Also lengths beyond the buffer.
        switch (message.parse(data.length)) {
            case OPEN -> {
                require(!message.cookieKey().isEmpty(), "an object without a name");
                require(message.volumeKey().length() + message.cookieKey().length() < data.length, "keys from nowhere");
            }
            case READ -> {
                require(message.offset() >= 0 && message.bytes() > 0, "a range that cannot be");
                require(message.offset() <= Long.MAX_VALUE - message.bytes(), "a range beyond all files");
            }
            // The descriptor is closed, so it has to be the kernel's.
            case MALFORMED_OPEN -> require(data.length >= 32, "a descriptor from nowhere");
            // Only what every message has is used of these.
            case CLOSE, MALFORMED_READ, UNKNOWN -> require(data.length >= 16, "an identifier from nowhere");
            case MALFORMED -> require(!isWhole(data, bytes), "a message that is known is refused");
        }
    }

    /** Whether it is a CLOSE or a READ as it has to be. */
    private static boolean isWhole(byte[] data, ByteBuffer bytes) {
        return data.length <= BUFFER
                && data.length >= 16
                && bytes.getInt(8) == data.length
                && ((bytes.getInt(4) == 1 && data.length == 16) || (bytes.getInt(4) == 2 && data.length == 32));
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }
}
