package dev.sluice.fill;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Queues of flights, the more urgent first, and the threads that fetch them. Prefetch and background get at most half of the threads, so
 * that a reader does not wait for them. Safe for use by many threads.
 */
final class FetchScheduler {
    private static final Logger LOG = LoggerFactory.getLogger(FetchScheduler.class);

    private final int slots;
    private final int lowSlots;
    private final Function<Flight, Optional<Runnable>> plan;
    private final ThreadPoolExecutor executor;
    private final Map<Priority, Set<Flight>> queues = new EnumMap<>(Priority.class);
    private int running;
    private int runningLow;
    private boolean closed;

    private record Next(Flight flight, boolean low) {}

    /**
     * @param slots most threads
     * @param plan quickly makes the transfer that a flight goes with, or finds that it needs none any more;
     */
    FetchScheduler(int slots, Duration idle, Function<Flight, Optional<Runnable>> plan) {
        this.slots = slots;
        this.lowSlots = Math.max(1, slots / 2);
        this.plan = plan;
        // Bounded by slots: a thread on its way back into the pool must not make the next one fail.
        executor = new ThreadPoolExecutor(
                0,
                Integer.MAX_VALUE,
                idle.toMillis(),
                TimeUnit.MILLISECONDS,
                new SynchronousQueue<>(),
                DaemonThreads.named("sluice-fetch"));
        for (Priority priority : Priority.values()) {
            queues.put(priority, new LinkedHashSet<>());
        }
    }

    /** Queues flights. Those that are queued already become more urgent, never less: calls may overtake each other. */
    void enqueue(List<Flight> flights, Priority priority) {
        synchronized (this) {
            if (closed) {
                return;
            }
            for (Flight flight : flights) {
                if (!isQueued(flight, priority)) {
                    remove(flight);
                    queue(priority).add(flight);
                }
            }
        }
        startThread();
    }

    synchronized void remove(Flight flight) {
        for (Set<Flight> queue : queues.values()) {
            queue.remove(flight);
        }
    }

    /** Takes nothing more; the threads end when what they do has ended. */
    void close() {
        synchronized (this) {
            closed = true;
            queues.values().forEach(Set::clear);
        }
        executor.shutdown();
    }

    boolean awaitTermination(Duration time) throws InterruptedException {
        return executor.awaitTermination(time.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Starts one thread if there is something that it may do; it starts the next. */
    private void startThread() {
        synchronized (this) {
            if (closed || running == slots || firstAllowed().isEmpty()) {
                return;
            }
            running++;
        }
        boolean started = false;
        try {
            executor.execute(this::work);
            started = true;
        } catch (RejectedExecutionException e) {
            LOG.debug("closed meanwhile", e);
        } finally {
            if (!started) {
                stopped();
            }
        }
    }

    private void work() {
        boolean stopped = false;
        try {
            for (Optional<Next> next = next(); next.isPresent(); next = next()) {
                fetch(next.get());
            }
            stopped = true;
        } finally {
            if (!stopped) {
                stopped();
                // What an unexpected failure leaves in the queue is not left alone.
                startThread();
            }
        }
    }

    private void fetch(Next next) {
        try {
            Optional<Runnable> transfer = plan.apply(next.flight());
            if (transfer.isPresent()) {
                // Only now: the plan may have taken along all that is queued.
                startThread();
                transfer.get().run();
            }
        } finally {
            finished(next);
        }
    }

    private synchronized Optional<Next> next() {
        Optional<Priority> priority = firstAllowed();
        if (priority.isEmpty()) {
            running--;
            return Optional.empty();
        }
        Iterator<Flight> queue = queue(priority.get()).iterator();
        Flight flight = queue.next();
        queue.remove();
        boolean low = priority.get() != Priority.DEMAND;
        if (low) {
            runningLow++;
        }
        return Optional.of(new Next(flight, low));
    }

    private Optional<Priority> firstAllowed() {
        for (Priority priority : Priority.values()) {
            boolean allowed = priority == Priority.DEMAND || runningLow < lowSlots;
            if (allowed && !queue(priority).isEmpty()) {
                return Optional.of(priority);
            }
        }
        return Optional.empty();
    }

    private boolean isQueued(Flight flight, Priority atLeast) {
        for (Map.Entry<Priority, Set<Flight>> queue : queues.entrySet()) {
            if (queue.getKey().compareTo(atLeast) <= 0 && queue.getValue().contains(flight)) {
                return true;
            }
        }
        return false;
    }

    private Set<Flight> queue(Priority priority) {
        return requireNonNull(queues.get(priority));
    }

    private synchronized void stopped() {
        running--;
    }

    private synchronized void finished(Next next) {
        if (next.low()) {
            runningLow--;
        }
    }
}
