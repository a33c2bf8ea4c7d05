package dev.sluice.fill;

import static java.util.Objects.requireNonNull;

import dev.sluice.layer.SpanTable;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is in flight for one layer, and who waits for it. Guarded by the layer's lock; what must not happen under it goes into an
 * {@link Aftermath}.
 */
final class Flights {
    private static final Logger LOG = LoggerFactory.getLogger(Flights.class);

    /** A long range is not queued as a whole: it grows as its beginning gets done. */
    private static final int MAX_FLIGHTS = 4096;

    private static final long MAX_QUEUED_BYTES = 64 << 20;

    /** Shared pages may be dropped from memory before they are whole, and pages be forgotten, so that a wait may need another round. */
    private static final int MAX_ROUNDS = 16;

    private final FilledLayer layer;
    private final SpanTable table;
    private final DataDevice device;
    private final EdgePages edges;
    private final AbsentPages absentPages;
    private final FillCounters counters;
    private final Map<Long, Flight> flights = new HashMap<>();
    private final Set<Waiter> waiters = new HashSet<>();
    private final RecentFailures failures;
    private final LongSupplier nanoTime;

    Flights(
            FilledLayer layer,
            SpanTable table,
            DataDevice device,
            EdgePages edges,
            FillCounters counters,
            LongSupplier nanoTime) {
        this.layer = layer;
        this.nanoTime = nanoTime;
        this.failures = new RecentFailures(nanoTime);
        this.table = table;
        this.device = device;
        this.edges = edges;
        this.absentPages = new AbsentPages(table, device);
        this.counters = counters;
    }

    @Nullable
    Flight ofSpan(int span) {
        return flights.get((long) span);
    }

    /** The flight of a span, for which nobody waits if there was none. */
    Flight readAhead(int span) {
        return flights.computeIfAbsent(
                (long) span, key -> new Flight(layer, key, Priority.PREFETCH, nanoTime.getAsLong()));
    }

    /** Starts or joins what a new waiter needs. */
    void begin(Waiter waiter, Aftermath aftermath) {
        waiters.add(waiter);
        advance(waiter, aftermath);
    }

    /** A future came to its end; if that was not our doing, its flights are given up. */
    void leave(Waiter waiter, Aftermath aftermath) {
        if (!waiter.done) {
            waiter.done = true;
            waiters.remove(waiter);
            detach(waiter, true, aftermath);
        }
    }

    /** A flight is over: those who waited for nothing else are done, or they fail. */
    void finish(Flight flight, @Nullable IOException error, Aftermath aftermath) {
        if (flight.state == Flight.State.DONE) {
            return;
        }
        flight.state = Flight.State.DONE;
        flight.request = null;
        flights.remove(flight.key, flight);
        if (error == null) {
            failures.worked(flight.key);
        }
        for (Waiter waiter : List.copyOf(flight.waiters)) {
            waiter.flights.remove(flight);
            waiter.bytes -= compressedBytes(flight);
            if (error != null) {
                settle(waiter, error, aftermath);
            } else {
                advance(waiter, aftermath);
            }
        }
        flight.waiters.clear();
    }

    /** The bytes of a flight cannot be had. */
    void fetchFailed(Flight flight, IOException error, Aftermath aftermath) {
        failures.failed(flight.key, flight.began, error);
        finish(flight, error, aftermath);
    }

    /** Puts a flight back into the queue. */
    void requeue(Flight flight, Aftermath aftermath) {
        flight.state = Flight.State.QUEUED;
        flight.request = null;
        aftermath.queue(flight, flight.priority);
    }

    /** Fails all who wait and gives everything up. */
    void close(IOException reason, Aftermath aftermath) {
        for (Waiter waiter : List.copyOf(waiters)) {
            settle(waiter, reason, aftermath);
        }
        for (Flight flight : flights.values()) {
            if (flight.state == Flight.State.QUEUED) {
                aftermath.drop(flight);
            } else if (flight.state == Flight.State.FETCHING) {
                aftermath.abandon(requireNonNull(flight.request));
            }
            flight.state = Flight.State.DONE;
        }
        flights.clear();
    }

    /** Queues what a waiter needs, a part of it if that is much; settles it when there is nothing left. */
    private void advance(Waiter waiter, Aftermath aftermath) {
        while (!waiter.done) {
            waiter.cursor = absentPages.find(waiter.cursor, waiter.end, new Needs(waiter, aftermath));
            if (!waiter.flights.isEmpty()) {
                return;
            }
            if (waiter.cursor < waiter.end) {
                continue;
            }
            waiter.cursor = waiter.offset;
            waiter.rounds++;
            if (device.isPresent(waiter.offset, waiter.end - waiter.offset)) {
                settle(waiter, null, aftermath);
            } else if (waiter.rounds == MAX_ROUNDS) {
                settle(
                        waiter,
                        new IOException("Tried to fill [" + waiter.offset + ", " + waiter.end + ") of layer "
                                + layer.name() + " but failed because: pages get lost as fast as they are filled"),
                        aftermath);
            }
        }
    }

    private void join(Waiter waiter, long key, Aftermath aftermath) {
        Flight flight = flights.get(key);
        if (flight == null) {
            Optional<IOException> failure = failures.of(key);
            if (failure.isPresent()) {
                settle(waiter, failure.get(), aftermath);
                return;
            }
            flight = new Flight(layer, key, waiter.priority, nanoTime.getAsLong());
            flights.put(key, flight);
            aftermath.queue(flight, flight.priority);
        } else if (waiter.priority.compareTo(flight.priority) < 0) {
            promote(flight, waiter.priority, aftermath);
        }
        if (waiter.flights.add(flight)) {
            waiter.bytes += compressedBytes(flight);
            flight.readAhead = Math.max(flight.readAhead, waiter.readAhead);
            flight.waiters.add(waiter);
            if (waiter.counted && !flight.needed) {
                flight.needed = true;
                counters.needed(compressedBytes(flight));
            }
        }
    }

    private static void promote(Flight flight, Priority priority, Aftermath aftermath) {
        flight.priority = priority;
        FetchRequest request = flight.request;
        if (flight.state == Flight.State.QUEUED) {
            aftermath.queue(flight, priority);
        } else if (request != null && priority.compareTo(request.priority()) < 0) {
            request.raise(priority);
            aftermath.raised();
        }
    }

    private void settle(Waiter waiter, @Nullable IOException error, Aftermath aftermath) {
        if (waiter.done) {
            return;
        }
        waiter.done = true;
        waiters.remove(waiter);
        detach(waiter, false, aftermath);
        if (waiter.counted) {
            counters.waited(System.nanoTime() - waiter.startNanos);
        }
        if (error == null) {
            aftermath.complete(() -> waiter.future.complete(null));
            return;
        }
        LOG.debug("fill of [{}, {}) of layer {} failed", waiter.offset, waiter.end, layer.name(), error);
        if (waiter.counted) {
            counters.failure();
        }
        aftermath.complete(() -> waiter.future.completeExceptionally(error));
    }

    /** @param breakOff whether requests of which nobody wants anything any more are broken off */
    private void detach(Waiter waiter, boolean breakOff, Aftermath aftermath) {
        for (Flight flight : waiter.flights) {
            flight.waiters.remove(waiter);
            if (!flight.waiters.isEmpty()) {
                continue;
            }
            FetchRequest request = flight.request;
            if (flight.state == Flight.State.QUEUED) {
                giveUp(flight);
                aftermath.drop(flight);
            } else if (breakOff && request != null && nobodyWaitsFor(request)) {
                for (Flight other : request.flights) {
                    // One that came, was wrong, and is queued again travels with this request no more.
                    if (other.request == request) {
                        giveUp(other);
                    }
                }
                aftermath.abandon(request);
            }
        }
        waiter.flights.clear();
    }

    private static boolean nobodyWaitsFor(FetchRequest request) {
        for (Flight flight : request.flights) {
            if (flight.request == request && !flight.waiters.isEmpty()) {
                return false;
            }
        }
        return true;
    }

    /** Lets a flight go that nobody waits for and whose bytes are not here; whoever needs the span later begins anew. */
    private void giveUp(Flight flight) {
        if (flight.state == Flight.State.QUEUED || flight.state == Flight.State.FETCHING) {
            flight.state = Flight.State.DONE;
            flight.request = null;
            flights.remove(flight.key, flight);
        }
    }

    private long compressedBytes(Flight flight) {
        return flight.isZeros() ? 0 : table.spanBlobLength(flight.span());
    }

    /** Joins or starts the flights that a waiter needs. */
    private final class Needs implements AbsentPages.Sink {
        private final Waiter waiter;
        private final Aftermath aftermath;

        private Needs(Waiter waiter, Aftermath aftermath) {
            this.waiter = waiter;
            this.aftermath = aftermath;
        }

        @Override
        public boolean extent(int span, int extent, long page) {
            if (!flights.containsKey((long) span) && edges.knows(page, extent)) {
                return false;
            }
            if (waiter.done) {
                return true;
            }
            join(waiter, span, aftermath);
            return true;
        }

        @Override
        public void zeros(long page) {
            if (!waiter.done) {
                join(waiter, Flight.keyOfZeros(page), aftermath);
            }
        }

        @Override
        public boolean full() {
            return waiter.done || waiter.flights.size() >= MAX_FLIGHTS || waiter.bytes >= MAX_QUEUED_BYTES;
        }
    }
}
