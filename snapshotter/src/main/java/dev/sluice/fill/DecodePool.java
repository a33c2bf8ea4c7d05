package dev.sluice.fill;

import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Threads that decode, verify and write, the more urgent first. Safe for use by many threads. */
final class DecodePool {
    private final AtomicLong sequence = new AtomicLong();
    private final ThreadPoolExecutor executor;

    private record Task(Priority priority, long sequence, Runnable work) implements Runnable, Comparable<Task> {
        private static final Comparator<Task> ORDER =
                Comparator.comparing(Task::priority).thenComparingLong(Task::sequence);

        @Override
        public int compareTo(Task other) {
            return ORDER.compare(this, other);
        }

        @Override
        public void run() {
            work.run();
        }
    }

    DecodePool(int threads, Duration idle) {
        executor = new ThreadPoolExecutor(
                threads,
                threads,
                idle.toMillis(),
                TimeUnit.MILLISECONDS,
                new PriorityBlockingQueue<>(),
                DaemonThreads.named("sluice-decode"));
        executor.allowCoreThreadTimeOut(true);
    }

    /** @throws java.util.concurrent.RejectedExecutionException if closed */
    void execute(Priority priority, Runnable work) {
        executor.execute(new Task(priority, sequence.getAndIncrement(), work));
    }

    /** Takes nothing more; what is queued is still done. */
    void close() {
        executor.shutdown();
    }

    boolean awaitTermination(Duration time) throws InterruptedException {
        return executor.awaitTermination(time.toMillis(), TimeUnit.MILLISECONDS);
    }
}
