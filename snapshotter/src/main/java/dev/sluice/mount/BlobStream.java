package dev.sluice.mount;

import dev.sluice.layer.Blob;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A whole blob from its first byte to its last, fetched in several parts at once. Holds as many parts in memory as are fetched at once, and
 * the one that the caller works on. For one thread.
 */
final class BlobStream implements AutoCloseable {
    /** Large enough that a round trip to the registry is small beside it. */
    static final int PART = 2 << 20;

    private final Blob blob;
    private final Blob.Source source;
    private final Executor executor;
    private final int parallel;
    private final AtomicLong received;
    private final Deque<CompletableFuture<ByteBuffer>> parts = new ArrayDeque<>();
    private final Deque<ByteBuffer> free = new ArrayDeque<>();
    private long next;
    private volatile boolean closed;

    /**
     * @param executor runs the transfers, which block
     * @param parallel how many at once
     * @param received counts bytes
     */
    BlobStream(Blob blob, Blob.Source source, Executor executor, int parallel, AtomicLong received) {
        this.blob = blob;
        this.source = source;
        this.executor = executor;
        this.parallel = parallel;
        this.received = received;
    }

    /**
     * The next bytes, direct; empty at the end. Blocks until they are here.
     *
     * @throws IOException if they cannot be had
     */
    ByteBuffer read() throws IOException {
        while (parts.size() < parallel && next < blob.size()) {
            long offset = next;
            int length = (int) Math.min(PART, blob.size() - offset);
            ByteBuffer buffer = free.isEmpty() ? ByteBuffer.allocateDirect(PART) : free.pop();
            parts.add(CompletableFuture.supplyAsync(() -> fetch(offset, length, buffer.clear()), executor));
            next += length;
        }
        if (parts.isEmpty()) {
            return ByteBuffer.allocate(0);
        }
        try {
            return parts.remove().get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for a part of a blob");
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() instanceof CompletionException wrapped && wrapped.getCause() != null
                    ? wrapped.getCause()
                    : e.getCause();
            throw cause instanceof IOException failure ? failure : new IOException(cause);
        }
    }

    /** Takes back what {@link #read} gave. */
    void release(ByteBuffer part) {
        if (part.isDirect()) {
            free.push(part);
        }
    }

    private ByteBuffer fetch(long offset, int length, ByteBuffer into) {
        if (closed) {
            throw new CompletionException(new IOException("nobody wants the blob any more"));
        }
        into.limit(length);
        try (ReadableByteChannel channel = blob.read(offset, length, source)) {
            while (into.hasRemaining()) {
                int count = channel.read(into);
                if (count < 0 || closed) {
                    throw new IOException("a transfer ended " + into.remaining() + " bytes early");
                }
                received.addAndGet(count);
            }
            return into.flip();
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }

    /** Ends the transfers, soon. */
    @Override
    public void close() {
        closed = true;
        parts.clear();
    }
}
