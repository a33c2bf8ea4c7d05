package dev.sluice.ondemand.fanotify;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Fuzzes what the kernel sends through a fanotify group: any bytes are an event that makes sense, or refused. */
public final class EventFuzz {
    private static final int BUFFER = 4096;

    private EventFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        ByteBuffer bytes = ByteBuffer.allocate(BUFFER).order(ByteOrder.nativeOrder());
        int length = Math.min(data.length, BUFFER);
        bytes.put(data, 0, length);
        Event event = new Event();
        try {
            event.parse(bytes, length);
        } catch (IOException e) {
            require(event.fd() >= Protocol.NO_FD, "a descriptor that cannot be");
            return;
        }
        require(event.fd() >= Protocol.NO_FD, "a descriptor that cannot be");
        if (event.isForRange()) {
            require(event.offset() >= 0 && event.count() >= 0, "a negative range");
            require(event.offset() <= Long.MAX_VALUE - event.count(), "a range beyond all files");
        }
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }
}
