package dev.sluice.registry;

import java.io.IOException;
import java.nio.ByteBuffer;

/** The body of one answer while it is read. Used by one thread at a time. */
final class OpenRange {
    private final Exchange exchange;
    private final boolean toEnd;
    private long remaining;

    /**
     * @param length how many bytes of the body are wanted
     * @param toEnd whether the body must end after them
     */
    OpenRange(Exchange exchange, long length, boolean toEnd) {
        this.exchange = exchange;
        this.toEnd = toEnd;
        remaining = length;
    }

    /** How many bytes are still to come. */
    long remaining() {
        return remaining;
    }

    /** Reads at most as many bytes as {@code into} has space for and are still to come; -1 if the body ends before. */
    int read(ByteBuffer into) throws IOException {
        int limit = into.limit();
        try {
            if (into.remaining() > remaining) {
                into.limit(into.position() + (int) remaining);
            }
            int read = exchange.body().read(into);
            remaining -= Math.max(0, read);
            return read;
        } catch (IOException e) {
            throw exchange.explained(e);
        } finally {
            into.limit(limit);
        }
    }

    /**
     * Looks whether the body ends where it must, which also leaves its connection to others.
     *
     * @throws RegistryException.Protocol if there is more
     */
    void finish(Task task) throws RegistryException {
        boolean more;
        try {
            more = toEnd && !exchange.body().exhausted();
        } catch (IOException e) {
            // Everything wanted has come; that the connection broke afterwards concerns nobody but the connection.
            exchange.cancel();
            more = false;
        }
        if (more) {
            exchange.cancel();
            throw task.protocol("the answer has more bytes than it announced");
        }
    }

    /** Frees the connection: for others if everything wanted was read and nothing follows, else by closing it. */
    void release() {
        if (remaining > 0 || !toEnd) {
            exchange.cancel();
        }
        exchange.close();
    }
}
