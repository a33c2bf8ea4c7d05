package dev.sluice.ondemand.fanotify;

import dev.sluice.linux.InodeReader;
import dev.sluice.ondemand.ReadCounters;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides what becomes of an event. Whatever happens, it is answered. For use by one thread. */
final class EventHandler {
    private static final Logger log = LoggerFactory.getLogger(EventHandler.class);

    private final Supplier<LayerTable> layers;
    private final DataFiles files;
    private final UnknownLayers unknown;
    private final Fills fills;
    private final Answers answers;
    private final InodeReader inodes;
    private final ReadCounters reads;
    private final Event event = new Event();

    EventHandler(
            Supplier<LayerTable> layers,
            DataFiles files,
            UnknownLayers unknown,
            Fills fills,
            Answers answers,
            InodeReader inodes,
            ReadCounters reads) {
        this.reads = reads;
        this.layers = layers;
        this.files = files;
        this.unknown = unknown;
        this.fills = fills;
        this.answers = answers;
        this.inodes = inodes;
    }

    /**
     * Answers an event now or later. Blocks on nothing.
     *
     * @param slot holds the event; no longer the caller's
     * @param length bytes that the kernel has given
     */
    void handle(Slot slot, int length) {
        boolean passedOn = false;
        try {
            event.parse(slot.event(), length);
            if (event.fd() == Protocol.NO_FD) {
                log.error(
                        "The kernel reports {} instead of an event",
                        (event.mask() & Protocol.FAN_Q_OVERFLOW) != 0 ? "a lost event" : "nothing");
            } else {
                reads.asked();
                if (event.isForRange()) {
                    long inode = inodes.inode(event.fd());
                    slot.setInode(inode);
                    passedOn = true;
                    dispatch(slot, inode);
                } else {
                    log.warn("Process {} does what is not known: mask {}", event.pid(), Long.toHexString(event.mask()));
                }
            }
        } catch (IOException e) {
            log.error("An event cannot be understood: {}", e.getMessage());
        } catch (RuntimeException | Error e) {
            log.error("An event cannot be handled", e);
        } finally {
            if (!passedOn) {
                refuse(slot);
            }
        }
    }

    /** Whether an event is our own, whose descriptor is taken then. It is not answered. */
    boolean takes(Slot slot, int length) {
        try {
            event.parse(slot.event(), length);
            return event.isForRange() && files.takes(event, inodes.inode(event.fd()));
        } catch (IOException e) {
            log.error("An event cannot be understood: {}", e.getMessage());
            return false;
        }
    }

    private void dispatch(Slot slot, long inode) {
        ServedLayer layer = layers.get().get(inode);
        if (files.takes(event, inode)) {
            answers.allowAndKeep(slot);
        } else if (layer != null) {
            fills.serve(layer, slot, event.offset(), event.count());
        } else {
            find(slot, inode, event.offset(), event.count());
        }
    }

    private void find(Slot slot, long inode, long offset, long count) {
        if (answers.isCrowded()) {
            // To open a layer takes an event of our own, which must find a place.
            log.warn("Too many wait for layers that are not open yet, one reader gets an I/O error");
            answers.deny(slot);
            return;
        }
        // The answer is all that follows, and it reports its failures itself.
        CompletableFuture<ServedLayer> unused = unknown.find(inode).whenComplete((found, failure) -> {
            if (failure == null) {
                fills.serve(found, slot, offset, count);
            } else {
                log.warn("{} bytes at {} cannot be had: {}", count, offset, failure.toString());
                answers.deny(slot);
            }
        });
    }

    private void refuse(Slot slot) {
        if (event.fd() == Protocol.NO_FD) {
            answers.ignore(slot);
        } else {
            answers.deny(slot);
        }
    }
}
