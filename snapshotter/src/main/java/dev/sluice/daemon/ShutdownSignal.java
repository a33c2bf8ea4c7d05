package dev.sluice.daemon;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** SIGTERM or SIGINT: tells that it has come, and keeps the process until this is closed. To be made once in the life of a process. */
final class ShutdownSignal implements AutoCloseable {
    private final CountDownLatch signal = new CountDownLatch(1);
    private final CountDownLatch stopped = new CountDownLatch(1);

    private ShutdownSignal() {}

    static ShutdownSignal listen() {
        ShutdownSignal shutdown = new ShutdownSignal();
        Runtime.getRuntime().addShutdownHook(new Thread(shutdown::keepProcess, "shutdown"));
        return shutdown;
    }

    void await() throws InterruptedException {
        signal.await();
    }

    /** Whether it has come within this time. */
    boolean await(long time, TimeUnit unit) throws InterruptedException {
        return signal.await(time, unit);
    }

    private void keepProcess() {
        signal.countDown();
        try {
            stopped.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The work is over. */
    @Override
    public void close() {
        stopped.countDown();
    }
}
