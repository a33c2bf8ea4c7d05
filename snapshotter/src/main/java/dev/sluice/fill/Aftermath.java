package dev.sluice.fill;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What a change under a layer's lock leads to, to be done without the lock. Used by one thread. */
final class Aftermath {
    private final Map<Priority, List<Flight>> queued = new EnumMap<>(Priority.class);
    private final List<Flight> dropped = new ArrayList<>();
    private final List<FetchRequest> abandoned = new ArrayList<>();
    private final List<Runnable> completions = new ArrayList<>();
    private boolean raised;

    /** A flight is to be fetched, or more urgently so than before. */
    void queue(Flight flight, Priority priority) {
        queued.computeIfAbsent(priority, unused -> new ArrayList<>()).add(flight);
    }

    /** A queued flight needs no request of its own any more. */
    void drop(Flight flight) {
        dropped.add(flight);
    }

    /** Nobody wants the rest of a request. */
    void abandon(FetchRequest request) {
        abandoned.add(request);
    }

    /** A running request has become more urgent. */
    void raised() {
        raised = true;
    }

    /** A future is to be completed. */
    void complete(Runnable completion) {
        completions.add(completion);
    }

    void run(FillServices services) {
        dropped.forEach(services.scheduler()::remove);
        abandoned.forEach(FetchRequest::abandon);
        if (raised || !abandoned.isEmpty()) {
            services.buffers().wake();
        }
        queued.forEach((priority, flights) -> {
            List<Flight> toFetch = new ArrayList<>(flights.size());
            for (Flight flight : flights) {
                if (flight.isZeros()) {
                    services.decode(priority, () -> flight.layer.writeZeros(flight), () -> {});
                } else {
                    toFetch.add(flight);
                }
            }
            if (!toFetch.isEmpty()) {
                services.scheduler().enqueue(toFetch, priority);
            }
        });
        completions.forEach(Runnable::run);
    }
}
