package dev.sluice.ondemand;

import dev.sluice.fill.DataDevice;
import dev.sluice.fill.LayerFill;
import dev.sluice.fill.Priority;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** Fills a device from bytes at hand: after a while, only when told to, or not at all. Safe for use by many threads. */
public final class SourceLayer implements LayerFill {
    private final DataDevice device;
    private final byte[] source;
    private final Executor executor;
    private final List<Waiting> waiting = new ArrayList<>();
    private boolean holding;
    private @Nullable IOException failure;
    private int fills;

    private record Waiting(long offset, long length, CompletableFuture<Void> done) {}

    /**
     * @param source as long as the device
     * @param executor runs the fills, at once or after a while
     */
    public SourceLayer(DataDevice device, byte[] source, Executor executor) {
        if (device.size() != source.length) {
            throw new IllegalArgumentException(source.length + " bytes for a device of " + device.size());
        }
        this.device = device;
        this.source = source;
        this.executor = executor;
    }

    /** Lets fills wait until {@link #release}. */
    public synchronized void hold() {
        holding = true;
    }

    /** Does the fills that wait, and the following ones at once. */
    public void release() {
        List<Waiting> released;
        synchronized (this) {
            holding = false;
            released = List.copyOf(waiting);
            waiting.clear();
        }
        released.forEach(this::start);
    }

    /** Lets the following fills fail. */
    public synchronized void failWith(IOException failure) {
        this.failure = failure;
    }

    /** Lets the following fills succeed. */
    public synchronized void recover() {
        failure = null;
    }

    /** How many fills wait that nobody has cancelled. */
    public synchronized int waiting() {
        return (int) waiting.stream().filter(w -> !w.done().isDone()).count();
    }

    /** How many fills were asked for. */
    public synchronized int fills() {
        return fills;
    }

    @Override
    public DataDevice device() {
        return device;
    }

    @Override
    public CompletableFuture<Void> fill(long offset, long length, Priority priority) {
        Waiting fill = new Waiting(offset, length, new CompletableFuture<>());
        synchronized (this) {
            fills++;
            if (holding) {
                waiting.add(fill);
                return fill.done();
            }
        }
        start(fill);
        return fill.done();
    }

    @Override
    public void close() {
        List<Waiting> left;
        synchronized (this) {
            left = List.copyOf(waiting);
            waiting.clear();
        }
        left.forEach(fill -> fill.done().completeExceptionally(new IOException("layer is closed")));
    }

    private void start(Waiting fill) {
        executor.execute(() -> {
            try {
                copy(fill.offset(), fill.length());
                fill.done().complete(null);
            } catch (IOException e) {
                fill.done().completeExceptionally(e);
            }
        });
    }

    private void copy(long offset, long length) throws IOException {
        synchronized (this) {
            if (failure != null) {
                throw failure;
            }
        }
        long first = offset / DataDevice.PAGE * DataDevice.PAGE;
        long end = Math.min(source.length, (offset + length + DataDevice.PAGE - 1) / DataDevice.PAGE * DataDevice.PAGE);
        ByteBuffer pages = ByteBuffer.allocateDirect((int) (end - first));
        pages.put(source, (int) first, (int) (end - first)).flip();
        device.write(first, pages);
    }
}
