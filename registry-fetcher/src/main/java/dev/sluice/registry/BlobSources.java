package dev.sluice.registry;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;

/**
 * Which endpoint delivered which range of one blob lately, and which of them delivered wrong bytes, so that those come from another
 * one when they are fetched again. Safe for use by many threads.
 */
final class BlobSources {
    private static final Duration DISTRUST = Duration.ofMinutes(10);
    /** More than there are requests for one blob at once. */
    private static final int REMEMBERED = 128;

    private final TimeSource time;
    private final Deque<Delivery> deliveries = new ArrayDeque<>();
    private final Map<Endpoint, Long> wrongAt = new HashMap<>();

    private record Delivery(long from, long to, Endpoint endpoint) {}

    BlobSources(TimeSource time) {
        this.time = time;
    }

    /** The bytes {@code [from, to)} begin to come from an endpoint. */
    synchronized void deliver(long from, long to, Endpoint endpoint) {
        if (deliveries.size() == REMEMBERED) {
            deliveries.removeLast();
        }
        deliveries.addFirst(new Delivery(from, to, endpoint));
    }

    /** What came last for {@code [from, to)} was wrong. Returns who delivered it, if that is known. */
    synchronized Optional<Endpoint> wrong(long from, long to) {
        for (Iterator<Delivery> newest = deliveries.iterator(); newest.hasNext(); ) {
            Delivery delivery = newest.next();
            if (delivery.from < to && from < delivery.to) {
                wrongAt.put(delivery.endpoint, time.nanoTime());
                return Optional.of(delivery.endpoint);
            }
        }
        return Optional.empty();
    }

    synchronized boolean isTrusted(Endpoint endpoint) {
        Long wrong = wrongAt.get(endpoint);
        return wrong == null || time.nanoTime() - wrong > DISTRUST.toNanos();
    }
}
