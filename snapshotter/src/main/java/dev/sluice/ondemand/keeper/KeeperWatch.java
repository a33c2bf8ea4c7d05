package dev.sluice.ondemand.keeper;

import dev.sluice.linux.EventFd;
import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.Poller;
import dev.sluice.linux.ProcessFile;
import dev.sluice.ondemand.ServingThreads;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A thread that notices the end of a process. Safe for use by many threads. */
final class KeeperWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(KeeperWatch.class);

    private static final int FOREVER = -1;
    /** After an end: on a machine that ends each new process, too, this is how often we try. */
    private static final int PAUSE_MILLIS = 1000;

    private static final int CHANGED = 0;
    private static final int ENDED = 1;

    private final Linux linux;
    private final EventFd changed;
    private final OnEnd onEnd;
    private final Thread thread = new Thread(this::run, "keeper-watch");

    /**
     * What to look at, guarded by this; the descriptor is the watch's own. It may be closed, and its number taken by another file, while
     * the thread still waits for it: then the thread wakes for nothing.
     */
    private Optional<Watched> wanted = Optional.empty();

    private boolean closed;

    /** What to do then. */
    interface OnEnd {
        void ended(int pid) throws IOException;
    }

    private record Watched(int pid, LinuxFile file) {}

    private KeeperWatch(Linux linux, EventFd changed, OnEnd onEnd) {
        this.linux = linux;
        this.changed = changed;
        this.onEnd = onEnd;
    }

    /** @param onEnd called by a thread that holds no lock, again and again until something else is looked at */
    static KeeperWatch start(Linux linux, OnEnd onEnd) throws IOException {
        KeeperWatch watch = new KeeperWatch(linux, linux.eventFd(), onEnd);
        watch.thread.setDaemon(true);
        watch.thread.start();
        return watch;
    }

    /** Looks at another process from now on, or at none. */
    void lookAt(Optional<ProcessFile> process) throws IOException {
        Optional<Watched> watched = process.isPresent()
                ? Optional.of(
                        new Watched(process.get().pid(), process.get().file().duplicate()))
                : Optional.empty();
        synchronized (this) {
            wanted.ifPresent(before -> before.file().close());
            wanted = watched;
        }
        changed.signal();
    }

    private void run() {
        try {
            while (true) {
                Optional<Watched> watched;
                synchronized (this) {
                    if (closed) {
                        return;
                    }
                    changed.drain();
                    watched = wanted;
                }
                watch(watched);
            }
        } catch (IOException e) {
            log.error("The keeper is not watched any more", e);
        }
    }

    private void watch(Optional<Watched> watched) throws IOException {
        List<LinuxFile> both =
                watched.isPresent() ? List.of(changed.file(), watched.get().file()) : List.of(changed.file());
        Poller poller = linux.poller(both);
        poller.await(FOREVER);
        if (!poller.isReadable(CHANGED) && watched.isPresent() && poller.isReadable(ENDED)) {
            try {
                onEnd.ended(watched.get().pid());
            } catch (IOException | RuntimeException e) {
                log.error("Tried to start another keeper but failed, trying again", e);
            }
            linux.poller(List.of(changed.file())).await(PAUSE_MILLIS);
        }
    }

    @Override
    public void close() throws IOException {
        synchronized (this) {
            closed = true;
        }
        changed.signal();
        ServingThreads.join(List.of(thread));
        wanted.ifPresent(last -> last.file().close());
        changed.close();
    }
}
