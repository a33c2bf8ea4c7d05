package dev.sluice.fill;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Direct buffers for spans in flight, within a bound. Who asks waits until there is room: demand before prefetch before
 * background, and prefetch never takes the last quarter. All that a span needs is taken at once, and a span that needs more than
 * the bound is let in alone, so nobody waits for ever. Freed buffers are kept by size class. Safe for use by many threads.
 */
final class BufferPool {
    private static final int SMALLEST = 16 << 10;

    private final long limit;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<Request> waiting = new ArrayList<>();
    private final Map<Integer, ArrayDeque<ByteBuffer>> free = new HashMap<>();
    private long freeBytes;
    private long inUse;
    private long sequence;

    private record Request(Supplier<Priority> priority, long sequence) {}

    BufferPool(long limit) {
        this.limit = limit;
    }

    /** Two buffers, to be given back together. */
    final class Lease implements AutoCloseable {
        private final ByteBuffer compressed;
        private final ByteBuffer decoded;
        private boolean open = true;

        private Lease(ByteBuffer compressed, ByteBuffer decoded) {
            this.compressed = compressed;
            this.decoded = decoded;
        }

        /** The whole buffer, at least as large as was asked for; position and limit are the caller's. */
        ByteBuffer compressed() {
            return compressed;
        }

        /** See {@link #compressed}. */
        ByteBuffer decoded() {
            return decoded;
        }

        @Override
        public void close() {
            lock.lock();
            try {
                if (open) {
                    open = false;
                    giveBack(compressed);
                    giveBack(decoded);
                    changed.signalAll();
                }
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * Waits for room and takes it.
     *
     * @param priority asked again whenever there may be room, as it may rise meanwhile
     * @param abandoned asked after {@link #wake}
     * @throws CancellationException if abandoned
     */
    Lease acquire(int compressed, int decoded, Supplier<Priority> priority, BooleanSupplier abandoned) {
        int first = sizeClass(compressed);
        int second = sizeClass(decoded);
        long need = (long) first + second;
        Optional<ByteBuffer> forFirst;
        Optional<ByteBuffer> forSecond;
        lock.lock();
        try {
            Request request = new Request(priority, sequence++);
            waiting.add(request);
            try {
                while (!abandoned.getAsBoolean() && !mayEnter(request, need)) {
                    changed.awaitUninterruptibly();
                }
            } finally {
                waiting.remove(request);
                changed.signalAll();
            }
            if (abandoned.getAsBoolean()) {
                throw new CancellationException("nobody wants this span any more");
            }
            inUse += need;
            forFirst = takeFree(first);
            forSecond = takeFree(second);
        } finally {
            lock.unlock();
        }
        // New memory is zeroed, which takes its time: not under the lock.
        try {
            return new Lease(
                    forFirst.orElseGet(() -> ByteBuffer.allocateDirect(first)),
                    forSecond.orElseGet(() -> ByteBuffer.allocateDirect(second)));
        } catch (OutOfMemoryError e) {
            lock.lock();
            try {
                inUse -= need;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
            throw e;
        }
    }

    /** Makes those who wait ask whether they are abandoned. */
    void wake() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** How many wait for room. */
    int waiting() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    long bytesInUse() {
        lock.lock();
        try {
            return inUse;
        } finally {
            lock.unlock();
        }
    }

    private boolean mayEnter(Request request, long need) {
        Request first = waiting.stream()
                .min(Comparator.comparing((Request r) -> r.priority().get()).thenComparingLong(Request::sequence))
                .orElseThrow();
        long bound = request.priority().get() == Priority.DEMAND ? limit : limit - limit / 4;
        return first.sequence() == request.sequence() && (inUse == 0 || inUse + need <= bound);
    }

    private Optional<ByteBuffer> takeFree(int size) {
        ArrayDeque<ByteBuffer> pooled = free.get(size);
        if (pooled != null && !pooled.isEmpty()) {
            freeBytes -= size;
            return Optional.of(pooled.pop().clear());
        }
        if (inUse + freeBytes > limit) {
            free.clear();
            freeBytes = 0;
        }
        return Optional.empty();
    }

    private void giveBack(ByteBuffer buffer) {
        int size = buffer.capacity();
        inUse -= size;
        if (inUse + freeBytes + size <= limit) {
            free.computeIfAbsent(size, unused -> new ArrayDeque<>()).push(buffer);
            freeBytes += size;
        }
    }

    /** Rounds up to one of four steps per power of two, so that at most a quarter is wasted. */
    static int sizeClass(int size) {
        if (size <= SMALLEST) {
            return SMALLEST;
        }
        int step = Integer.highestOneBit(size - 1) / 4;
        return (size + step - 1) / step * step;
    }
}
