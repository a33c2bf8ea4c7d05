package dev.sluice.ondemand.fuse;

import dev.sluice.fill.Priority;
import dev.sluice.linux.Errno;
import dev.sluice.ondemand.ReadCounters;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers reads: present ranges at once, absent ones from the completion of their fill. Every read is answered once, with all its
 * bytes or an error. Safe for use by many threads; none of them waits for a fill.
 */
final class Reads {
    private static final Logger log = LoggerFactory.getLogger(Reads.class);

    private final Channel channel;
    private final ReplyPool replies;
    private final Unanswered unanswered;
    private final ThreadState threads;
    private final ReadCounters counters;
    private final Map<Long, PendingRead> pending = new ConcurrentHashMap<>();
    /** Those whose reader got a signal. The kernel says so only once, so they are looked at until they are answered. */
    private final Map<Long, PendingRead> signalled = new ConcurrentHashMap<>();

    Reads(Channel channel, Unanswered unanswered, ThreadState threads, ReadCounters counters) {
        this.counters = counters;
        this.channel = channel;
        this.replies = new ReplyPool(channel);
        this.unanswered = unanswered;
        this.threads = threads;
    }

    /** Tells whether a thread is being killed. */
    interface ThreadState {
        boolean isBeingKilled(int thread);
    }

    /**
     * Answers a read now or later.
     *
     * @param thread that reads, 0 if unknown
     * @param offset not negative
     * @param length as the kernel asked; may reach beyond the end of the file
     * @param reply the caller's own, for an answer now
     */
    void read(Node node, long unique, int thread, long offset, int length, Reply reply) {
        counters.asked();
        int inFile = (int) Math.min(length, Math.max(0, node.size() - offset));
        if (inFile == 0) {
            counters.served();
            reply.sendEmpty(unique);
        } else if (node.device().isPresent(offset, inFile)) {
            deliver(node, unique, offset, inFile, reply);
        } else {
            wait(node, unique, thread, offset, inFile);
        }
    }

    /**
     * The reader of a request got a signal. If it is being killed, its read fails now and the fill is given up. Any other signal must not
     * fail it: a disk would not either, and through EROFS the reader would see an I/O error.
     *
     * @return whether the request is known to be waiting
     */
    boolean interrupt(long unique) {
        PendingRead read = pending.get(unique);
        if (read == null) {
            return false;
        }
        signalled.put(unique, read);
        giveUpIfKilled(read);
        if (!pending.containsKey(unique)) {
            signalled.remove(unique);
        }
        return true;
    }

    boolean hasSignalled() {
        return !signalled.isEmpty();
    }

    /** Fails the reads whose reader was killed since it got a first signal. */
    void giveUpKilled() {
        signalled.values().forEach(this::giveUpIfKilled);
    }

    /** Fails what waits for a node. */
    void failAll(Node node) {
        for (PendingRead read : pending.values()) {
            if (read.node() == node) {
                abandon(read, Errno.EIO);
            }
        }
    }

    /** Fails everything that waits. */
    void failAll() {
        pending.values().forEach(read -> abandon(read, Errno.EIO));
    }

    /** Answers nothing any more of what waits: it comes again to the next process. */
    void leaveAll() {
        for (PendingRead read : pending.values()) {
            if (read.claim()) {
                forget(read);
                read.abandonFill();
            }
        }
    }

    private void wait(Node node, long unique, int thread, long offset, int length) {
        int slot = unanswered.note(Opcode.READ, unique, node.id(), thread, offset, length);
        if (slot == Unanswered.FULL) {
            log.error("Device {}: too many reads wait, one more gets an I/O error", node.name());
            fail(unique, Errno.EIO);
        } else {
            fill(new PendingRead(unique, thread, node, offset, length, slot));
        }
    }

    private void fill(PendingRead read) {
        // Before the fill begins: an interrupt may come at any time.
        pending.put(read.unique(), read);
        CompletableFuture<Void> fill;
        try {
            fill = read.node().layer().fill(read.offset(), read.length(), Priority.DEMAND);
        } catch (RuntimeException e) {
            fill = CompletableFuture.failedFuture(e);
        }
        read.waitsFor(fill);
        // The answer is all that follows, and it reports its failures itself.
        CompletableFuture<Void> unused = fill.whenComplete((done, failure) -> answer(read, failure));
        if (read.node().isDetached()) {
            abandon(read, Errno.EIO);
        }
    }

    private void answer(PendingRead read, @Nullable Throwable failure) {
        if (!read.claim()) {
            return;
        }
        forget(read);
        if (failure != null) {
            log.warn(
                    "Device {}: {} bytes at {} cannot be had, their reader gets an I/O error: {}",
                    read.node().name(),
                    read.length(),
                    read.offset(),
                    failure.toString());
            fail(read.unique(), Errno.EIO);
        } else {
            deliver(read);
        }
        unanswered.release(read.slot());
    }

    private void deliver(PendingRead read) {
        Reply reply;
        try {
            reply = replies.take();
        } catch (OutOfMemoryError e) {
            log.error("Device {}: no memory for an answer", read.node().name(), e);
            fail(read.unique(), Errno.EIO);
            return;
        }
        deliver(read.node(), read.unique(), read.offset(), read.length(), reply);
        replies.giveBack(reply);
    }

    private void deliver(Node node, long unique, long offset, int length, Reply reply) {
        try {
            ByteBuffer body = reply.body(length);
            node.device().read(offset, body);
            if (body.hasRemaining()) {
                throw new IOException(body.remaining() + " bytes are missing");
            }
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            // Whatever it was: without an answer the reader would wait for ever.
            log.error("Device {}: tried to read {} bytes at {} but failed", node.name(), length, offset, e);
            fail(unique, Errno.EIO);
            return;
        }
        counters.served();
        reply.send(unique);
    }

    private void fail(long unique, Errno error) {
        counters.failed();
        channel.sendError(unique, error);
    }

    private void giveUpIfKilled(PendingRead read) {
        if (threads.isBeingKilled(read.thread())) {
            abandon(read, Errno.EINTR);
        }
    }

    private void abandon(PendingRead read, Errno error) {
        if (!read.claim()) {
            return;
        }
        forget(read);
        fail(read.unique(), error);
        unanswered.release(read.slot());
        read.abandonFill();
    }

    private void forget(PendingRead read) {
        pending.remove(read.unique());
        signalled.remove(read.unique());
    }
}
