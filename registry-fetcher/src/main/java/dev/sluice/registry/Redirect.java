package dev.sluice.registry;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import okhttp3.HttpUrl;

/**
 * Where endpoints sent us for one blob. Remembered, because the way over the registry costs a round trip for every range. Safe for
 * use by many threads.
 */
final class Redirect {
    private final TimeSource time;
    private final Map<Endpoint, Target> targets = new ConcurrentHashMap<>();

    private record Target(HttpUrl url, Instant until) {}

    Redirect(TimeSource time) {
        this.time = time;
    }

    /** The target, if there is one that has not expired. */
    Optional<HttpUrl> current(Endpoint endpoint) {
        return Optional.ofNullable(targets.get(endpoint))
                .filter(target -> time.now().isBefore(target.until))
                .map(Target::url);
    }

    void remember(Endpoint endpoint, HttpUrl url) {
        targets.put(endpoint, new Target(url, RedirectExpiry.of(url, time.now())));
    }

    /** Drops a target, unless it has been replaced already. */
    void forget(Endpoint endpoint, HttpUrl url) {
        targets.computeIfPresent(endpoint, (key, target) -> target.url.equals(url) ? null : target);
    }

    void forget() {
        targets.clear();
    }
}
