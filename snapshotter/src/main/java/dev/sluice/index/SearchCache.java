package dev.sluice.index;

import dev.sluice.registry.Digest;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What searches brought, for a while; and one search at a time for each image: who comes later waits for it. Safe for use by many
 * threads.
 */
final class SearchCache {
    private static final int MAX_ENTRIES = 256;

    private final LongSupplier nanoTime;
    private final Map<Key, Entry> entries = new LinkedHashMap<>();

    /** @param repository with its host */
    record Key(String repository, Digest manifest) {}

    /**
     * What a search brought.
     *
     * @param valid for how long others need not search again
     */
    record Outcome(IndexSearch result, Duration valid) {}

    /** @param expires counts once the result is there */
    private record Entry(CompletableFuture<IndexSearch> result, Optional<Long> expires) {}

    /** @param nanoTime as {@link System#nanoTime} */
    SearchCache(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /**
     * What is known, or what a search brings.
     *
     * @param search is called in this thread, if nobody else searches
     * @param patience for how long to wait for somebody else
     */
    IndexSearch get(Key key, Supplier<Outcome> search, Duration patience) {
        CompletableFuture<IndexSearch> mine = new CompletableFuture<>();
        CompletableFuture<IndexSearch> current = enter(key, mine);
        return current == mine ? lead(key, mine, search) : await(current, patience);
    }

    private synchronized CompletableFuture<IndexSearch> enter(Key key, CompletableFuture<IndexSearch> mine) {
        Entry known = entries.get(key);
        if (known != null
                && known.expires.map(end -> nanoTime.getAsLong() - end < 0).orElse(true)) {
            return known.result;
        }
        entries.put(key, new Entry(mine, Optional.empty()));
        return mine;
    }

    private IndexSearch lead(Key key, CompletableFuture<IndexSearch> mine, Supplier<Outcome> search) {
        Outcome outcome = new Outcome(new IndexSearch.NotFound("the search for an index failed"), Duration.ZERO);
        try {
            outcome = search.get();
            return outcome.result;
        } finally {
            settle(key, new Entry(mine, Optional.of(nanoTime.getAsLong() + outcome.valid.toNanos())));
            mine.complete(outcome.result);
        }
    }

    private synchronized void settle(Key key, Entry settled) {
        // Removed first: the eldest is the one that was settled first.
        entries.remove(key);
        entries.put(key, settled);
        Iterator<Entry> eldest = entries.values().iterator();
        while (entries.size() > MAX_ENTRIES) {
            if (eldest.next().expires.isPresent()) {
                eldest.remove();
            }
        }
    }

    private static IndexSearch await(CompletableFuture<IndexSearch> other, Duration patience) {
        try {
            return other.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException | TimeoutException e) {
            return new IndexSearch.NotFound("another search for the same index takes too long");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new IndexSearch.NotFound("the search for an index was interrupted");
        }
    }
}
