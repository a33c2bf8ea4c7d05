package dev.sluice.ondemand.cachefiles;

import java.util.concurrent.atomic.AtomicBoolean;

/** A READ that waits for its bytes. Whoever wins {@link #claim} answers it, once. Safe for use by many threads. */
final class PendingRead {
    private final int messageId;
    private final OpenCookie cookie;
    private final long offset;
    private final long length;
    private final AtomicBoolean claimed = new AtomicBoolean();

    PendingRead(int messageId, OpenCookie cookie, long offset, long length) {
        this.messageId = messageId;
        this.cookie = cookie;
        this.offset = offset;
        this.length = length;
    }

    int messageId() {
        return messageId;
    }

    OpenCookie cookie() {
        return cookie;
    }

    long offset() {
        return offset;
    }

    long length() {
        return length;
    }

    /** Whether the caller is the one who answers. */
    boolean claim() {
        return claimed.compareAndSet(false, true);
    }
}
