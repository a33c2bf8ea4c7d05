package dev.sluice.layer.tar;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Hands decoded bytes to a second thread, so that decoding and what comes after it run side by side. A few buffers go round; who is
 * faster waits for the other. Used by one thread.
 */
final class DecodedPipe implements StreamDecoder.Output, AutoCloseable {
    /** Takes what went through, on the second thread. */
    interface Consumer {
        /** @param bytes direct; all of it is to be taken before this returns */
        void accept(ByteBuffer bytes) throws IOException;
    }

    private static final int BUFFERS = 4;
    private static final int BUFFER = 1 << 20;
    private static final ByteBuffer END = ByteBuffer.allocate(0);

    private final Consumer consumer;
    private final BlockingQueue<ByteBuffer> free = new ArrayBlockingQueue<>(BUFFERS);
    // One place more: the end always fits.
    private final BlockingQueue<ByteBuffer> filled = new ArrayBlockingQueue<>(BUFFERS + 1);
    private final Thread thread;
    private ByteBuffer current;
    private boolean ended;
    private volatile boolean abandoned;
    private volatile @Nullable Throwable failure;

    /** Starts the second thread. */
    DecodedPipe(String name, Consumer consumer) {
        this.consumer = consumer;
        for (int i = 1; i < BUFFERS; i++) {
            free.add(ByteBuffer.allocateDirect(BUFFER));
        }
        current = ByteBuffer.allocateDirect(BUFFER);
        thread = new Thread(this::run, name);
        thread.setDaemon(true);
        thread.start();
    }

    /** @throws IOException if the consumer threw, soon after it did */
    @Override
    public void accept(ByteBuffer decoded) throws IOException {
        check();
        while (decoded.hasRemaining()) {
            int count = Math.min(decoded.remaining(), current.remaining());
            current.put(decoded.slice(decoded.position(), count));
            decoded.position(decoded.position() + count);
            if (!current.hasRemaining()) {
                hand();
                current = take();
                check();
            }
        }
    }

    /** Waits until the consumer has taken all. */
    void finish() throws IOException {
        hand();
        end();
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
        check();
    }

    /** Ends the second thread. What it has not taken yet is lost; a call of the consumer that has begun is waited for. */
    @Override
    public void close() {
        abandoned = true;
        end();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void hand() {
        filled.add(current.flip());
    }

    private ByteBuffer take() throws IOException {
        try {
            return free.take();
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private void end() {
        if (!ended) {
            ended = true;
            filled.add(END);
        }
    }

    private static IOException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        IOException interrupted = new InterruptedIOException("interrupted while a layer was read");
        interrupted.initCause(e);
        return interrupted;
    }

    private void check() throws IOException {
        Throwable thrown = failure;
        if (thrown instanceof IOException e) {
            throw e;
        }
        if (thrown != null) {
            throw new IOException("reading a layer failed: " + thrown, thrown);
        }
    }

    private void run() {
        while (true) {
            try {
                ByteBuffer bytes = filled.take();
                if (bytes.capacity() == 0) {
                    return;
                }
                consume(bytes);
                free.add(bytes.clear());
            } catch (InterruptedException e) {
                failure = e;
            }
        }
    }

    /** After a failure buffers still go round, so that the first thread does not wait for ever. */
    private void consume(ByteBuffer bytes) {
        if (abandoned || failure != null) {
            return;
        }
        try {
            consumer.accept(bytes);
        } catch (IOException | RuntimeException | Error e) {
            failure = e;
        }
    }
}
