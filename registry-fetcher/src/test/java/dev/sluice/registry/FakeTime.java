package dev.sluice.registry;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** Time that passes only in pauses and when a test says so; pauses end at once and are recorded. */
final class FakeTime implements TimeSource {
    static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private final AtomicLong nanos = new AtomicLong();
    final List<Duration> pauses = new CopyOnWriteArrayList<>();

    void pass(Duration duration) {
        nanos.addAndGet(duration.toNanos());
    }

    @Override
    public long nanoTime() {
        return nanos.get();
    }

    @Override
    public Instant now() {
        return START.plusNanos(nanos.get());
    }

    @Override
    public boolean pause(Duration duration, Cancellation cancellation) {
        pauses.add(duration);
        pass(duration);
        return cancellation.isCancelled();
    }
}
