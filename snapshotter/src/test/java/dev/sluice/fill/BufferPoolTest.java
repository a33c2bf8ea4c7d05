package dev.sluice.fill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BufferPoolTest {
    private static final int KIB = 1 << 10;

    private final BufferPool pool = new BufferPool(256 * KIB);
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void stopThreads() {
        threads.shutdownNow();
    }

    @Test
    void buffersAreAtLeastAsLargeAsAskedFor() {
        for (int size : new int[] {1, 16 * KIB, 16 * KIB + 1, 50_000, 1 << 20, (1 << 20) + 1, 72 << 20}) {
            int rounded = BufferPool.sizeClass(size);
            assertThat(rounded).isBetween(size, Math.max(16 * KIB, size + size / 4));
            assertThat(BufferPool.sizeClass(rounded)).isEqualTo(rounded);
        }
    }

    @Test
    void buffersAreUsedAgain() {
        ByteBuffer first;
        try (BufferPool.Lease lease = acquire(30 * KIB, Priority.DEMAND)) {
            first = lease.compressed();
        }
        try (BufferPool.Lease lease = acquire(30 * KIB, Priority.DEMAND)) {
            assertThat(lease.decoded())
                    .as("the last one given back is the first one taken")
                    .isSameAs(first);
        }
    }

    @Test
    void whoFindsNoRoomWaitsForIt() throws Exception {
        BufferPool.Lease all = acquire(128 * KIB, Priority.DEMAND);
        CompletableFuture<BufferPool.Lease> next = later(16 * KIB, Priority.DEMAND);
        await().until(() -> pool.waiting() == 1);
        assertThat(next).isNotDone();

        all.close();

        next.get().close();
        assertThat(pool.bytesInUse()).isZero();
    }

    @Test
    void whatIsLargerThanTheBoundGoesAlone() throws Exception {
        BufferPool.Lease small = acquire(16 * KIB, Priority.DEMAND);
        CompletableFuture<BufferPool.Lease> large = later(1 << 20, Priority.DEMAND);
        await().until(() -> pool.waiting() == 1);
        CompletableFuture<BufferPool.Lease> behind = later(16 * KIB, Priority.DEMAND);
        await().until(() -> pool.waiting() == 2);
        assertThat(behind).as("nobody overtakes the large one for ever").isNotDone();

        small.close();

        large.get().close();
        behind.get().close();
    }

    @Test
    void demandGoesFirst() throws Exception {
        BufferPool.Lease all = acquire(128 * KIB, Priority.DEMAND);
        List<Priority> order = new CopyOnWriteArrayList<>();
        List<CompletableFuture<?>> waiting = new CopyOnWriteArrayList<>();
        for (Priority priority : List.of(Priority.BACKGROUND, Priority.PREFETCH, Priority.DEMAND)) {
            int already = pool.waiting();
            waiting.add(CompletableFuture.runAsync(
                    () -> {
                        // Large enough to be alone, so that the order can be seen.
                        try (BufferPool.Lease lease = acquire(128 * KIB, priority)) {
                            order.add(priority);
                        }
                    },
                    threads));
            await().until(() -> pool.waiting() == already + 1);
        }

        all.close();
        CompletableFuture.allOf(waiting.toArray(CompletableFuture[]::new)).get();

        assertThat(order).containsExactly(Priority.DEMAND, Priority.PREFETCH, Priority.BACKGROUND);
    }

    @Test
    void prefetchLeavesAQuarterToDemand() throws Exception {
        BufferPool.Lease prefetch = acquire(96 * KIB, Priority.PREFETCH);
        CompletableFuture<BufferPool.Lease> more = later(16 * KIB, Priority.PREFETCH);
        await().until(() -> pool.waiting() == 1);

        acquire(16 * KIB, Priority.DEMAND).close();

        assertThat(more).isNotDone();
        prefetch.close();
        more.get().close();
    }

    @Test
    void whoBecomesMoreUrgentMovesForward() throws Exception {
        BufferPool.Lease prefetch = acquire(96 * KIB, Priority.PREFETCH);
        AtomicReference<Priority> priority = new AtomicReference<>(Priority.PREFETCH);
        CompletableFuture<BufferPool.Lease> more = CompletableFuture.supplyAsync(
                () -> pool.acquire(16 * KIB, 16 * KIB, priority::get, () -> false), threads);
        await().until(() -> pool.waiting() == 1);

        priority.set(Priority.DEMAND);
        pool.wake();

        more.get().close();
        prefetch.close();
    }

    @Test
    void whoIsAbandonedStopsWaiting() {
        BufferPool.Lease all = acquire(128 * KIB, Priority.DEMAND);
        AtomicBoolean abandoned = new AtomicBoolean();
        CompletableFuture<BufferPool.Lease> waiting =
                CompletableFuture.supplyAsync(() -> pool.acquire(1, 1, () -> Priority.DEMAND, abandoned::get), threads);
        await().until(() -> pool.waiting() == 1);

        abandoned.set(true);
        pool.wake();

        assertThatThrownBy(waiting::get)
                .isInstanceOfAny(ExecutionException.class, CancellationException.class)
                .rootCause()
                .isInstanceOf(CancellationException.class);
        all.close();
        assertThat(pool.bytesInUse()).isZero();
    }

    private BufferPool.Lease acquire(int size, Priority priority) {
        return pool.acquire(size, size, () -> priority, () -> false);
    }

    private CompletableFuture<BufferPool.Lease> later(int size, Priority priority) {
        return CompletableFuture.supplyAsync(() -> acquire(size, priority), threads);
    }
}
