package dev.sluice.ondemand.cachefiles;

import dev.sluice.fill.Priority;
import dev.sluice.ondemand.ReadCounters;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers the kernel's READs, at once or when the bytes are there. What cannot be had is answered, too: the kernel looks for the bytes,
 * finds none and fails the reader. Safe for use by many threads.
 */
final class Reads {
    private static final Logger log = LoggerFactory.getLogger(Reads.class);

    private final Set<PendingRead> pending = ConcurrentHashMap.newKeySet();
    private final ReadCounters counters;

    Reads(ReadCounters counters) {
        this.counters = counters;
    }

    /**
     * Answers a READ now or later.
     *
     * @param offset not negative
     * @param bytes at least one; may reach beyond the end of the device
     */
    void read(OpenCookie cookie, int messageId, long offset, long bytes) {
        counters.asked();
        CookieDevice device = cookie.cookie().device();
        long inDevice = Math.min(bytes, device.size() - offset);
        if (inDevice <= 0 || device.isPresent(offset, inDevice)) {
            counters.served();
            complete(cookie, messageId);
        } else {
            fill(new PendingRead(messageId, cookie, offset, inDevice));
        }
    }

    /** Tells the kernel to look. */
    void complete(OpenCookie cookie, int messageId) {
        try {
            if (!cookie.object().complete(messageId)) {
                log.debug(
                        "Nobody waits for READ {} of {} any more",
                        messageId,
                        cookie.cookie().name());
            }
        } catch (ClosedChannelException e) {
            log.debug(
                    "{} was closed before its READ {} was answered",
                    cookie.cookie().name(),
                    messageId,
                    e);
        } catch (IOException e) {
            log.error(
                    "Tried to answer READ {} of {} but failed",
                    messageId,
                    cookie.cookie().name(),
                    e);
        }
    }

    /** Answers everything that waits, without its bytes. */
    void failAll() {
        for (PendingRead read : pending) {
            if (claim(read)) {
                counters.failed();
                complete(read.cookie(), read.messageId());
            }
        }
    }

    /** Leaves everything that waits to the next process. */
    void leaveAll() {
        pending.forEach(this::claim);
    }

    private void fill(PendingRead read) {
        pending.add(read);
        CompletableFuture<Void> fill;
        try {
            fill = read.cookie().cookie().fill().fill(read.offset(), read.length(), Priority.DEMAND);
        } catch (RuntimeException e) {
            fill = CompletableFuture.failedFuture(e);
        }
        // The answer is all that follows, and it reports its failures itself.
        CompletableFuture<Void> unused = fill.whenComplete((done, failure) -> answer(read, failure));
    }

    private void answer(PendingRead read, @Nullable Throwable failure) {
        if (!claim(read)) {
            return;
        }
        if (failure == null) {
            counters.served();
        } else {
            counters.failed();
            log.warn(
                    "{}: {} bytes at {} cannot be had, their reader gets an I/O error: {}",
                    read.cookie().cookie().name(),
                    read.length(),
                    read.offset(),
                    failure.toString());
        }
        complete(read.cookie(), read.messageId());
    }

    private boolean claim(PendingRead read) {
        pending.remove(read);
        return read.claim();
    }
}
