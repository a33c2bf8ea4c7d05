package dev.sluice.fill;

import dev.sluice.layer.Blob;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ReadableByteChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One range request: its spans, and how to break it off. Safe for use by many threads. */
final class FetchRequest {
    private static final Logger LOG = LoggerFactory.getLogger(FetchRequest.class);

    /** By offset in the blob. */
    final List<Flight> flights;
    /** Offset in the blob. */
    final long from;
    /** Exclusive. */
    final long to;

    final Blob.Source source;
    private volatile Priority priority;
    private volatile boolean abandoned;
    private @Nullable Thread opening;
    private @Nullable ReadableByteChannel channel;

    FetchRequest(List<Flight> flights, long from, long to, Blob.Source source, Priority priority) {
        this.flights = List.copyOf(flights);
        this.from = from;
        this.to = to;
        this.source = source;
        this.priority = priority;
    }

    Priority priority() {
        return priority;
    }

    /** Somebody who is more urgent waits for one of the spans. */
    void raise(Priority higher) {
        priority = higher;
    }

    boolean abandoned() {
        return abandoned;
    }

    /** Opens the bytes; a thread that waits for them is interrupted if the request is abandoned meanwhile. */
    ReadableByteChannel open(Blob blob) throws IOException {
        synchronized (this) {
            throwIfAbandoned();
            opening = Thread.currentThread();
        }
        ReadableByteChannel opened = null;
        try {
            opened = blob.read(from, to - from, source);
        } finally {
            synchronized (this) {
                opening = null;
                channel = opened;
                // Only an interruption of ours can have come to this thread.
                Thread.interrupted();
            }
        }
        if (abandoned) {
            opened.close();
        }
        throwIfAbandoned();
        return opened;
    }

    /** Breaks the transfer off. Not to be called under a lock: closing may take its time. */
    void abandon() {
        abandoned = true;
        ReadableByteChannel open;
        synchronized (this) {
            open = channel;
            if (opening != null) {
                opening.interrupt();
            }
        }
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                LOG.debug("closing a transfer that nobody wants failed", e);
            }
        }
    }

    private void throwIfAbandoned() throws InterruptedIOException {
        if (abandoned) {
            throw new InterruptedIOException("given up, nobody wants it any more");
        }
    }
}
