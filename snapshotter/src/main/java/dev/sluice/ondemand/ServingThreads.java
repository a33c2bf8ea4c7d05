package dev.sluice.ondemand;

import java.util.List;

/** Waiting for threads that were told to end. */
public final class ServingThreads {
    private ServingThreads() {}

    /** Waits until all have ended, whatever interrupts the caller; who is interrupted meanwhile is so afterwards. */
    public static void join(List<Thread> threads) {
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
