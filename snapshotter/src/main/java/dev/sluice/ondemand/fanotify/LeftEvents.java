package dev.sluice.ondemand.fanotify;

import dev.sluice.linux.FanotifyGroup;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Events that the process before us read and did not answer. The kernel knows them by the numbers that their descriptors had in that process,
 * and the numbers of new events may be the same. The kernel gives an answer to the oldest event of its number; and whether an old one
 * still waits is not known, as its answer may have been the last thing that process did. So while a number is not settled, a new event that
 * has it waits for the old ones, and no answer is success before the bytes of all of them are there.
 *
 * <p>Safe for use by many threads.
 */
final class LeftEvents {
    private static final Logger log = LoggerFactory.getLogger(LeftEvents.class);

    /** New events must find a place beside them. */
    private static final int MOST = Journal.SLOTS / 2;

    private final FanotifyGroup group;
    private final Answers answers;
    private final Fills fills;
    /** Those that are not settled. Guarded by this. */
    private final Map<Integer, Descriptor> numbers = new HashMap<>();

    /** Whether there is none left. Never becomes false again. */
    private volatile boolean settled;

    LeftEvents(FanotifyGroup group, Answers answers, Fills fills, List<Slot> left) {
        this.group = group;
        this.answers = answers;
        this.fills = fills;
        for (Slot slot : left) {
            if (slot.fd() < 0) {
                answers.ignore(slot);
            } else {
                numbers.computeIfAbsent(slot.fd(), Descriptor::new).slots.add(slot);
            }
        }
        List.copyOf(numbers.values()).stream().skip(MOST).forEach(this::giveUp);
        settled = numbers.isEmpty();
    }

    private void giveUp(Descriptor number) {
        log.warn("Too many reads were left by the process before, one gets an I/O error");
        numbers.remove(number.fd);
        answers.settle(number, false);
    }

    /** A descriptor's number in the process before us, and what was asked under it. */
    static final class Descriptor {
        private final int fd;
        private final List<Slot> slots = new ArrayList<>(1);
        private boolean filled;
        private @Nullable Slot follower;
        private boolean followerIsOwn;

        private Descriptor(int fd) {
            this.fd = fd;
        }

        int fd() {
            return fd;
        }

        List<Slot> slots() {
            return slots;
        }

        /** Whether all of its bytes are there. */
        boolean isFilled() {
            return filled;
        }
    }

    /** What looks a layer up. */
    interface Layers {
        /** The layer with this data file; fails if there is none. */
        CompletableFuture<ServedLayer> find(long inode);

        /** All layers that a reader may wait for; fails if one of them is not known. */
        CompletableFuture<List<ServedLayer>> findMarked();
    }

    /** How many numbers are not settled. */
    synchronized int count() {
        return numbers.size();
    }

    /** Tells whether an event is our own, whose descriptor we take. */
    interface Own {
        boolean takes(Slot slot, int length);
    }

    /**
     * Reads one event. If it {@linkplain Slot#older has to wait} for older ones, it is not the caller's any more; but if it is our own, its
     * descriptor is taken at once: the older ones may be waiting for just that.
     *
     * @return as {@link FanotifyGroup#read}
     */
    int read(Slot slot, Own own) throws IOException {
        if (settled) {
            return group.read(slot.landing());
        }
        synchronized (this) {
            int length = group.read(slot.landing());
            Descriptor number = length < Protocol.Metadata.SIZE ? null : numbers.get(slot.fd());
            if (number != null) {
                number.follower = slot;
                number.followerIsOwn = own.takes(slot, length);
                slot.setOlder(number);
            }
            return length;
        }
    }

    /**
     * Fills what was asked and answers. Returns at once.
     *
     * @param followers gets the events that had to wait because of their number
     */
    void settle(Layers layers, Consumer<Slot> followers) {
        List<Descriptor> all;
        synchronized (this) {
            all = List.copyOf(numbers.values());
        }
        for (Descriptor number : all) {
            List<CompletableFuture<Void>> done = new ArrayList<>();
            for (Slot slot : number.slots()) {
                done.add(fill(slot, layers));
            }
            // What follows reports its failures itself.
            CompletableFuture<Void> unused = CompletableFuture.allOf(done.toArray(CompletableFuture[]::new))
                    .whenComplete((nothing, failure) -> {
                        if (failure != null) {
                            log.warn(
                                    "What was asked under number {} before the restart cannot be had, its reader gets"
                                            + " an I/O error: {}",
                                    number.fd,
                                    failure.toString());
                        }
                        settled(number, failure == null).ifPresent(followers);
                    });
        }
    }

    private CompletableFuture<Void> fill(Slot slot, Layers layers) {
        Event event = new Event();
        try {
            event.parse(slot.event(), slot.eventLength());
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
        if (!event.isForRange()) {
            return CompletableFuture.failedFuture(new IOException("an event without a range"));
        }
        long offset = event.offset();
        long count = event.count();
        if (slot.inode() != 0) {
            return layers.find(slot.inode()).thenCompose(layer -> fills.fill(layer, offset, count));
        }
        // The process before us died before it could note the file: fill the range wherever it may be waited for.
        return layers.findMarked()
                .thenCompose(all -> CompletableFuture.allOf(all.stream()
                        .map(layer -> fills.fill(layer, offset, count))
                        .toArray(CompletableFuture[]::new)));
    }

    /** @return the new event that has waited for this number */
    private synchronized Optional<Slot> settled(Descriptor number, boolean filled) {
        number.filled = filled;
        numbers.remove(number.fd);
        settled = numbers.isEmpty();
        if (number.follower == null) {
            answers.settle(number, filled);
        } else if (number.followerIsOwn) {
            answers.allowAndKeep(number.follower);
            return Optional.empty();
        }
        return Optional.ofNullable(number.follower);
    }
}
