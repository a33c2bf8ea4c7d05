package dev.sluice.ondemand.fanotify;

import dev.sluice.linux.EventFd;
import dev.sluice.linux.FanotifyGroup;
import dev.sluice.linux.Linux;
import dev.sluice.linux.Poller;
import java.io.IOException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads events until it is told to stop. Several loops share one group. */
final class EventLoop {
    private static final Logger log = LoggerFactory.getLogger(EventLoop.class);

    private static final int FOREVER = -1;
    private static final int PAUSE_MILLIS = 100;
    private static final int STOP = 1;

    private final Journal journal;
    private final LeftEvents left;
    private final EventHandler handler;
    private final Poller events;
    private final Poller stopped;

    /** @param stop ends the loop when it is readable */
    EventLoop(Linux linux, FanotifyGroup group, EventFd stop, Journal journal, LeftEvents left, EventHandler handler) {
        this.journal = journal;
        this.left = left;
        this.handler = handler;
        this.events = linux.poller(List.of(group.file(), stop.file()));
        this.stopped = linux.poller(List.of(stop.file()));
    }

    /** Returns when it is told to stop, or interrupted. */
    void run() throws IOException, InterruptedException {
        while (true) {
            events.await(FOREVER);
            if (events.isReadable(STOP)) {
                return;
            }
            readEvent();
        }
    }

    /** Takes one, if it is there: another loop may have been faster. */
    private void readEvent() throws IOException, InterruptedException {
        Slot slot = journal.take(PAUSE_MILLIS);
        if (slot == null) {
            // So many readers wait for data; the kernel keeps the others.
            return;
        }
        int length;
        try {
            length = left.read(slot, handler::takes);
        } catch (IOException e) {
            journal.release(slot);
            log.error("An event cannot be read, its reader gets an error", e);
            stopped.await(PAUSE_MILLIS);
            return;
        }
        if (length <= 0) {
            journal.release(slot);
        } else if (slot.older() == null) {
            handler.handle(slot, length);
        }
    }
}
