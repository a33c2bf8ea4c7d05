package dev.sluice.registry;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A range of a blob as a channel. When the transfer breaks or stalls it goes on with another request where it stopped. Failures
 * count until a decent number of bytes has come since, so that neither a server that drips nor one that breaks after every byte
 * keeps a reader forever. Read by one thread at a time; closed from any.
 */
final class RangeChannel implements ReadableByteChannel {
    private final RangeOpener opener;
    private final Task task;
    private final long end;
    private final RegistryOptions.Timeouts timeouts;
    private final TimeSource time;
    private final Cancellation cancellation = new Cancellation();
    private final AtomicBoolean busy = new AtomicBoolean();

    // What follows belongs to whoever has set busy.
    private OpenRange current;
    private long at;
    private boolean finished;
    private int failures;
    private long bytesSinceFailure;
    private long windowBytes;
    private long windowNanos;
    private boolean stalled;

    /** Opens what is left of a range, and waits for its first byte. */
    interface RangeOpener {
        OpenRange open(long offset, Cancellation cancellation) throws RegistryException;

        /**
         * Opens it again after a pause.
         *
         * @param failures how many there were in a row, the given one included
         */
        OpenRange openAgain(long offset, int failures, RegistryException.Unavailable failure, Cancellation cancellation)
                throws RegistryException;
    }

    /** Opens the range {@code [offset, end)}; blocks until its first byte is there. */
    RangeChannel(
            RangeOpener opener, Task task, long offset, long end, RegistryOptions.Timeouts timeouts, TimeSource time)
            throws RegistryException {
        this.opener = opener;
        this.task = task;
        this.end = end;
        this.timeouts = timeouts;
        this.time = time;
        at = offset;
        current = opener.open(at, cancellation);
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        if (!into.hasRemaining()) {
            return 0;
        }
        if (!busy.compareAndSet(false, true)) {
            if (!isOpen()) {
                throw new ClosedChannelException();
            }
            throw new IllegalStateException("two threads read the same channel");
        }
        try {
            return at < end ? readSome(into) : endOfStream();
        } catch (IOException e) {
            throw isOpen() ? e : closedMeanwhile(e);
        } finally {
            busy.set(false);
            if (!isOpen()) {
                releaseUnlessBusy();
            }
        }
    }

    private static IOException closedMeanwhile(IOException e) {
        AsynchronousCloseException closed = new AsynchronousCloseException();
        closed.initCause(e);
        return closed;
    }

    private int readSome(ByteBuffer into) throws IOException {
        while (true) {
            if (stalled) {
                resume(task.unavailable("the transfer stalled at byte " + at));
            } else if (current.remaining() == 0) {
                continueShortRange();
            }
            try {
                long before = time.nanoTime();
                int read = current.read(into);
                if (read > 0) {
                    at += read;
                    progressed(read, time.nanoTime() - before);
                    return read;
                }
                resume(task.unavailable("the transfer ended early, at byte " + at));
            } catch (RegistryException e) {
                throw e;
            } catch (IOException e) {
                resume(task.unavailable("the transfer broke at byte " + at + ": " + e.getMessage(), e));
            }
        }
    }

    private void progressed(int bytes, long nanos) {
        bytesSinceFailure += bytes;
        windowBytes += bytes;
        windowNanos += nanos;
        if (bytesSinceFailure >= timeouts.progress()) {
            failures = 0;
        }
        if (windowNanos >= timeouts.stall().toNanos()) {
            stalled = windowBytes < timeouts.progress() && at < end;
            windowBytes = 0;
            windowNanos = 0;
        }
    }

    /** A server may answer with less than it was asked for; that is a failure only if it is very little. */
    private void continueShortRange() throws RegistryException {
        if (bytesSinceFailure < timeouts.progress()) {
            resume(task.unavailable("the registry answered with a shorter range, up to byte " + at));
        } else {
            current.release();
            current = opener.open(at, cancellation);
            bytesSinceFailure = 0;
        }
    }

    private void resume(RegistryException.Unavailable failure) throws RegistryException {
        current.release();
        stalled = false;
        bytesSinceFailure = 0;
        windowBytes = 0;
        windowNanos = 0;
        failures++;
        current = opener.openAgain(at, failures, failure, cancellation);
    }

    private int endOfStream() throws IOException {
        if (!finished) {
            finished = true;
            current.finish(task);
            current.release();
        }
        return -1;
    }

    @Override
    public boolean isOpen() {
        return !cancellation.isCancelled();
    }

    @Override
    public void close() {
        cancellation.cancel();
        releaseUnlessBusy();
    }

    /** Whoever reads meanwhile does it when the read has ended. Stays busy for good. */
    private void releaseUnlessBusy() {
        if (busy.compareAndSet(false, true)) {
            current.release();
        }
    }
}
