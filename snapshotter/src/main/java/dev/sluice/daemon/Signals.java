package dev.sluice.daemon;

import java.util.concurrent.CountDownLatch;

/** What a shutdown hook does. */
final class Signals {
    private Signals() {}

    /** Keeps the process until the work is over. */
    static void await(CountDownLatch over) {
        try {
            over.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
