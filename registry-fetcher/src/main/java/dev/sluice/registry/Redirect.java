package dev.sluice.registry;

import java.time.Instant;
import java.util.Optional;
import okhttp3.HttpUrl;

/** Where a registry sent us for one blob. Remembered, because the way over the registry costs a round trip for every range. */
final class Redirect {
    private final TimeSource time;
    private volatile Optional<Target> target = Optional.empty();

    private record Target(HttpUrl url, Instant until) {}

    Redirect(TimeSource time) {
        this.time = time;
    }

    /** The target, if there is one that has not expired. */
    Optional<HttpUrl> current() {
        return target.filter(t -> time.now().isBefore(t.until)).map(Target::url);
    }

    synchronized void remember(HttpUrl url) {
        target = Optional.of(new Target(url, RedirectExpiry.of(url, time.now())));
    }

    /** Drops a target, unless it has been replaced already. */
    synchronized void forget(HttpUrl url) {
        target = target.filter(t -> !t.url.equals(url));
    }

    synchronized void forget() {
        target = Optional.empty();
    }
}
