package dev.sluice.mount;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The threads that fetch layers as a whole. */
final class Fetches implements AutoCloseable {
    private final ExecutorService layers;
    private final ExecutorService transfers;

    /** @param atOnce how many layers */
    Fetches(int atOnce) {
        layers = Executors.newFixedThreadPool(atOnce, task -> daemon(task, "fetch"));
        transfers = Executors.newCachedThreadPool(task -> daemon(task, "transfer"));
    }

    /** Runs one layer from its beginning to its end; the others wait their turn. */
    Executor layers() {
        return layers;
    }

    /** Runs transfers, as many as the layers want. */
    Executor transfers() {
        return transfers;
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    /** Ends fetches under way; what they have is thrown away. */
    @Override
    public void close() {
        layers.shutdownNow();
        transfers.shutdownNow();
    }
}
