package dev.sluice.fill;

import dev.sluice.layer.Blob;
import dev.sluice.layer.SpanTable;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One layer being filled. Keeps what is in flight under one lock, for short work only; what takes its time happens in {@link Fetcher}
 * and {@link SpanFiller}, and what a change leads to in {@link Aftermath}, all without it.
 */
final class FilledLayer implements LayerFill {
    private final String name;
    private final DataDevice device;
    private final EdgePages edges;
    private final FillServices services;
    private final FillCounters counters;
    private final TransferEstimate estimate;
    private final SpanFiller filler;
    private final Fetcher fetcher;
    private final Consumer<FilledLayer> onClose;

    private final ReentrantLock lock = new ReentrantLock();
    private final Flights flights;
    private final RequestBuilder requests;
    private final ReadAhead readAhead;
    private volatile boolean closed;

    FilledLayer(
            String name,
            Blob blob,
            SpanTable table,
            DataDevice device,
            EdgePages edges,
            SpanDecoder decoder,
            TransferEstimate estimate,
            FillServices services,
            FillCounters counters,
            Consumer<FilledLayer> onClose) {
        this.name = name;
        this.device = device;
        this.edges = edges;
        this.services = services;
        this.counters = counters;
        this.estimate = estimate;
        this.filler = new SpanFiller(this, table, device, edges, decoder, services, counters);
        this.fetcher = new Fetcher(this, blob, table, filler, estimate, services, counters);
        this.onClose = onClose;
        this.flights = new Flights(this, table, device, edges, counters, services.nanoTime());
        this.requests = new RequestBuilder(table, device, flights, estimate, services.options());
        this.readAhead = new ReadAhead(services.options().maxReadAhead());
    }

    /** The layer's digest, for messages. */
    String name() {
        return name;
    }

    @Override
    public FillStatistics statistics() {
        return counters.snapshot();
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public DataDevice device() {
        return device;
    }

    @Override
    public CompletableFuture<Void> fill(long offset, long length, Priority priority) {
        if (offset < 0 || length < 0) {
            throw new IllegalArgumentException("range is negative: " + length + " bytes at " + offset);
        }
        long end = Math.min(device.size(), offset + Math.min(length, Long.MAX_VALUE - offset));
        if (offset >= end) {
            return CompletableFuture.completedFuture(null);
        }
        if (device.isPresent(offset, end - offset)) {
            if (priority == Priority.DEMAND && readAhead.reached(offset, end)) {
                fillAhead(offset, end);
            }
            return CompletableFuture.completedFuture(null);
        }
        Aftermath aftermath = new Aftermath();
        Waiter waiter;
        lock.lock();
        try {
            if (closed) {
                return CompletableFuture.failedFuture(closedException());
            }
            ReadAhead.Advice advice = priority == Priority.DEMAND
                    ? readAhead.missed(offset, end, estimate.bandwidthDelayProduct())
                    : ReadAhead.Advice.NOTHING;
            waiter = new Waiter(offset, end, priority, advice.extra(), true);
            flights.begin(waiter, aftermath);
            fillAhead(advice, aftermath);
        } finally {
            lock.unlock();
        }
        // However the future comes to its end: by us, cancelled, or timed out by its owner.
        CompletableFuture<Void> unused = waiter.future.whenComplete((nothing, error) -> leave(waiter));
        aftermath.run(services);
        return waiter.future;
    }

    @Override
    public void close() {
        Aftermath aftermath = new Aftermath();
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            flights.close(closedException(), aftermath);
        } finally {
            lock.unlock();
        }
        aftermath.run(services);
        edges.close();
        services.checkpointer().forget(device);
        onClose.accept(this);
    }

    /** Makes the transfer that a queued flight goes with; empty if it needs none any more. */
    Optional<Runnable> plan(Flight seed) {
        Aftermath aftermath = new Aftermath();
        FetchRequest request;
        lock.lock();
        try {
            if (seed.state != Flight.State.QUEUED) {
                return Optional.empty();
            }
            request = requests.build(seed);
            request.flights.forEach(aftermath::drop);
        } finally {
            lock.unlock();
        }
        aftermath.run(services);
        return Optional.of(() -> fetcher.run(request));
    }

    /** The compressed bytes of a flight are here. Says how urgent it is; empty if nobody wants it any more. */
    Optional<Priority> arrived(Flight flight) {
        lock.lock();
        try {
            if (flight.state != Flight.State.FETCHING) {
                return Optional.empty();
            }
            flight.state = Flight.State.DECODING;
            flight.request = null;
            return Optional.of(flight.priority);
        } finally {
            lock.unlock();
        }
    }

    /** What is known of a flight's pages is in the device, or cannot be had. */
    void finished(Flight flight, @Nullable IOException error) {
        Aftermath aftermath = new Aftermath();
        lock.lock();
        try {
            flights.finish(flight, error, aftermath);
        } finally {
            lock.unlock();
        }
        aftermath.run(services);
    }

    /** The bytes of a flight were wrong. Fetches them once from another source; false if they came from there. */
    boolean fetchElsewhere(Flight flight) {
        Aftermath aftermath = new Aftermath();
        lock.lock();
        try {
            if (flight.source == Blob.Source.OTHER || flight.state != Flight.State.DECODING) {
                return false;
            }
            flight.source = Blob.Source.OTHER;
            flights.requeue(flight, aftermath);
        } finally {
            lock.unlock();
        }
        aftermath.run(services);
        return true;
    }

    /**
     * A request broke. The flight whose bytes did not come fails; those behind it, if somebody waits for them, get one request of
     * their own. If nothing came at all, the source is to blame, and all of them fail.
     *
     * @param missing index of the first flight whose bytes did not come
     * @param begun whether any byte came
     */
    void broken(FetchRequest request, int missing, boolean begun, IOException error) {
        Aftermath aftermath = new Aftermath();
        lock.lock();
        try {
            for (int i = missing; i < request.flights.size(); i++) {
                Flight flight = request.flights.get(i);
                if (flight.state != Flight.State.FETCHING) {
                    continue;
                }
                if (i > missing && begun && !flight.restarted && !flight.waiters.isEmpty()) {
                    flight.restarted = true;
                    flights.requeue(flight, aftermath);
                } else {
                    flights.fetchFailed(flight, error, aftermath);
                }
            }
        } finally {
            lock.unlock();
        }
        aftermath.run(services);
    }

    void writeZeros(Flight flight) {
        lock.lock();
        try {
            if (flight.state != Flight.State.QUEUED) {
                return;
            }
            flight.state = Flight.State.DECODING;
        } finally {
            lock.unlock();
        }
        filler.writeZeros(flight);
    }

    private void leave(Waiter waiter) {
        Aftermath aftermath = new Aftermath();
        lock.lock();
        try {
            flights.leave(waiter, aftermath);
        } finally {
            lock.unlock();
        }
        aftermath.run(services);
    }

    /** A read of present bytes may have come to where more should be fetched. */
    private void fillAhead(long offset, long end) {
        Aftermath aftermath = new Aftermath();
        lock.lock();
        try {
            if (!closed) {
                fillAhead(readAhead.next(offset, end, estimate.bandwidthDelayProduct()), aftermath);
            }
        } finally {
            lock.unlock();
        }
        aftermath.run(services);
    }

    private void fillAhead(ReadAhead.Advice advice, Aftermath aftermath) {
        long to = Math.min(device.size(), advice.to());
        if (advice.from() < to) {
            flights.begin(new Waiter(advice.from(), to, Priority.PREFETCH, 0, false), aftermath);
        }
    }

    private IOException closedException() {
        return new IOException("layer " + name + " is closed");
    }
}
