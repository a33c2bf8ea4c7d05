package dev.sluice.image;

import dev.sluice.registry.Digest;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Which manifests the namespaces of containerd had a moment ago. A list is good for one question about each chain ID, and not for
 * long: containerd asks about all snapshots in a row, again and again, and whoever asks about one twice wants to know what has come
 * since. Safe for use by many threads.
 */
final class RecentManifests {
    static final Duration VALID = Duration.ofSeconds(1);

    private static final int MAX_NAMESPACES = 16;

    private final LongSupplier nanoTime;
    private final Map<String, Listing> listings = new LinkedHashMap<>();

    private record Listing(long listedAt, List<Digest> manifests, Set<String> asked) {}

    /** @param nanoTime as {@link System#nanoTime} */
    RecentManifests(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** The moment from which on a list that is now asked for is true. */
    long now() {
        return nanoTime.getAsLong();
    }

    /** Empty if there is no list that may answer a question about these chain IDs; if there is one, that was the question. */
    synchronized Optional<List<Digest>> take(String namespace, Set<String> chainIds) {
        Optional<Listing> listing = Optional.ofNullable(listings.get(namespace))
                .filter(known -> now() - known.listedAt() < VALID.toNanos())
                .filter(known -> Collections.disjoint(known.asked(), chainIds));
        listing.ifPresent(known -> known.asked().addAll(chainIds));
        return listing.map(Listing::manifests);
    }

    /**
     * Remembers a list that was asked for because of a question about these chain IDs.
     *
     * @param listedAt {@link #now} before containerd was asked
     */
    synchronized void put(String namespace, Set<String> chainIds, long listedAt, List<Digest> manifests) {
        // Removed first: the eldest list is the one that was asked for first.
        listings.remove(namespace);
        listings.put(namespace, new Listing(listedAt, List.copyOf(manifests), new HashSet<>(chainIds)));
        Iterator<Listing> eldest = listings.values().iterator();
        while (listings.size() > MAX_NAMESPACES) {
            eldest.next();
            eldest.remove();
        }
    }
}
