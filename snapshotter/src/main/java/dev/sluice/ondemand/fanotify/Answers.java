package dev.sluice.ondemand.fanotify;

import dev.sluice.linux.FanotifyGroup;
import dev.sluice.ondemand.ReadCounters;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sending side of the group. Each event is answered once; its descriptor is closed and its slot is free afterwards. Once the group is
 * closed nothing is answered any more, and the journal tells the next process what is left. Safe for use by many threads.
 */
final class Answers {
    private static final Logger log = LoggerFactory.getLogger(Answers.class);

    private final FanotifyGroup group;
    private final Journal journal;
    private final ReadCounters reads;

    Answers(FanotifyGroup group, Journal journal, ReadCounters reads) {
        this.reads = reads;
        this.group = group;
        this.journal = journal;
    }

    /** Lets the reader go on. Only when all its bytes are there. */
    void allow(Slot slot) {
        reads.served();
        answer(slot, Protocol.FAN_ALLOW);
    }

    /** The reader gets an I/O error. */
    void deny(Slot slot) {
        reads.failed();
        answer(slot, Protocol.DENY_EIO);
    }

    /** Lets the one who asked go on; the descriptor stays open and is the caller's. */
    void allowAndKeep(Slot slot) {
        reads.served();
        settleOlder(slot, true);
        if (send(slot, slot.fd(), Protocol.FAN_ALLOW)) {
            journal.release(slot);
        }
    }

    /** Whether so many events wait for their answer that others may find no place soon. */
    boolean isCrowded() {
        return journal.isScarce();
    }

    /** Gives a slot back that holds no event which wants an answer. */
    void ignore(Slot slot) {
        journal.release(slot);
    }

    /** Answers events of the process before us, whose descriptors are gone. */
    void settle(LeftEvents.Descriptor number, boolean filled) {
        for (Slot slot : number.slots()) {
            if (send(slot, number.fd(), filled ? Protocol.FAN_ALLOW : Protocol.DENY_EIO)) {
                journal.release(slot);
            }
        }
    }

    private void answer(Slot slot, int response) {
        int fd = slot.fd();
        settleOlder(slot, response == Protocol.FAN_ALLOW);
        if (send(slot, fd, response)) {
            // Before the number is free for another event.
            journal.release(slot);
        }
        group.closeEvent(fd);
    }

    /** The first answers may go to the older events of a number or, if those were answered before, already to the new one. */
    private void settleOlder(Slot slot, boolean filled) {
        LeftEvents.Descriptor older = slot.older();
        if (older != null) {
            settle(older, older.isFilled() && filled);
        }
    }

    /** @return false if the event is left to the next process */
    private boolean send(Slot slot, int fd, int response) {
        try {
            if (!group.answer(slot.response(fd, response))) {
                log.debug("Nobody waits under number {} any more", fd);
            }
            return true;
        } catch (ClosedChannelException e) {
            log.debug("An answer came after the group was closed", e);
        } catch (IOException e) {
            log.error("Tried to answer number {} but failed, its reader goes on waiting", fd, e);
        }
        return false;
    }
}
