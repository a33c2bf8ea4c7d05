package dev.sluice.e2e.host;

import java.io.IOException;
import java.time.Duration;

/** Waits for what only polling can tell, such as a socket of another process. */
public final class Poll {

    private static final long INTERVAL_MILLIS = 10;

    private Poll() {}

    /**
     * Asks until the condition holds.
     *
     * @param timeout for a machine of ordinary speed, see {@link Patience}
     * @return false if it did not hold before the timeout
     * @throws IOException if the condition throws it, or the thread was interrupted
     */
    public static boolean until(Duration timeout, Condition condition) throws IOException {
        long end = System.nanoTime() + Patience.of(timeout).toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() - end >= 0) {
                return false;
            }
            try {
                Thread.sleep(INTERVAL_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("Tried to wait but failed because: interrupted", e);
            }
        }
        return true;
    }

    /** A question that is cheap to ask often. */
    @FunctionalInterface
    public interface Condition {
        boolean holds() throws IOException;
    }
}
