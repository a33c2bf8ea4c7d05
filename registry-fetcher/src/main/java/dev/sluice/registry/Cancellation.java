package dev.sluice.registry;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import okhttp3.Call;

/** Lets one thread end what another one is doing: the request that is under way, or the pause before the next one. */
final class Cancellation {
    private final CountDownLatch cancelled = new CountDownLatch(1);
    private volatile Optional<Call> underWay = Optional.empty();

    /** From now on this is the request under way; it is cancelled at once if that has been asked for already. */
    void covers(Call call) {
        underWay = Optional.of(call);
        if (isCancelled()) {
            call.cancel();
        }
    }

    void cancel() {
        cancelled.countDown();
        underWay.ifPresent(Call::cancel);
    }

    boolean isCancelled() {
        return cancelled.getCount() == 0;
    }

    /** Waits; true if it was cancelled before the time was over. */
    boolean await(Duration duration) throws InterruptedException {
        return cancelled.await(duration.toNanos(), TimeUnit.NANOSECONDS);
    }
}
