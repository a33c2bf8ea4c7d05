package dev.sluice.registry;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which credentials a registry has refused lately, so that others are shown to it. When none are left, those are shown again only after a
 * while: who asks with wrong passwords again and again is locked out by some registries. Safe for use by many threads.
 *
 * @param <K> what credentials are for
 */
final class Refusals<K> {
    /** After this they may have been put right. */
    private static final Duration FORGET = Duration.ofMinutes(10);
    /** The same, when there are no others. */
    private static final Duration FORGET_EXHAUSTED = Duration.ofSeconds(10);
    /** From so many on, what is over is thrown away. */
    private static final int CROWDED = 256;

    private final TimeSource time;
    private final Map<K, Refused> all = new HashMap<>();

    /** @param exhausted since when nothing else was left */
    private record Refused(Map<Credentials, Long> at, Optional<Long> exhausted) {}

    Refusals(TimeSource time) {
        this.time = time;
    }

    /** Those that are not to be shown now. */
    synchronized Set<Credentials> of(K key) {
        Refused refused = all.get(key);
        if (refused == null) {
            return Set.of();
        }
        if (isOver(refused)) {
            all.remove(key);
            return Set.of();
        }
        refused.at.values().removeIf(at -> isPast(at, FORGET));
        return Set.copyOf(refused.at.keySet());
    }

    /** @return whether that is new */
    synchronized boolean refused(K key, Credentials credentials) {
        if (all.size() > CROWDED) {
            all.values().removeIf(this::isOver);
        }
        Refused refused = all.computeIfAbsent(key, k -> new Refused(new HashMap<>(), Optional.empty()));
        return refused.at.put(credentials, time.nanoTime()) == null;
    }

    /** There are no others than those that were refused. */
    synchronized void exhausted(K key) {
        all.computeIfPresent(
                key,
                (k, refused) -> refused.exhausted.isPresent()
                        ? refused
                        : new Refused(refused.at, Optional.of(time.nanoTime())));
    }

    private boolean isOver(Refused refused) {
        return refused.exhausted.filter(at -> isPast(at, FORGET_EXHAUSTED)).isPresent()
                || refused.at.values().stream().allMatch(at -> isPast(at, FORGET));
    }

    private boolean isPast(long at, Duration duration) {
        return time.nanoTime() - at >= duration.toNanos();
    }
}
