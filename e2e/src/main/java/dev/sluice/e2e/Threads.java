package dev.sluice.e2e;

import java.util.concurrent.Executor;

/** Threads of this package. */
final class Threads {
    /** A new thread for each task, which keeps no process from ending. */
    static final Executor EACH_ITS_OWN = task -> {
        Thread thread = new Thread(task, "reader");
        thread.setDaemon(true);
        thread.start();
    };

    private Threads() {}
}
