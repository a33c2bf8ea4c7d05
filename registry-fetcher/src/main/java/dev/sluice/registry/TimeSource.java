package dev.sluice.registry;

import java.time.Duration;
import java.time.Instant;

/** Time as the client sees it; tests have their own. */
interface TimeSource {
    /** Never goes back, and has no meaning but in differences. */
    long nanoTime();

    /** What the wall clock says. */
    Instant now();

    /** Waits, until it is cancelled at the latest; true if that was it. */
    boolean pause(Duration duration, Cancellation cancellation) throws InterruptedException;

    /** The machine's. */
    TimeSource SYSTEM = new TimeSource() {
        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public Instant now() {
            return Instant.now();
        }

        @Override
        public boolean pause(Duration duration, Cancellation cancellation) throws InterruptedException {
            return cancellation.await(duration);
        }
    };
}
