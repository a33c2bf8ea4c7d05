package dev.sluice.ondemand.fanotify;

import dev.sluice.fuzz.Require;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;

/**
 * Fuzzes the journal of events that the process before has left: the number of a slot (u16) and its 64 bytes, again and again, behind a header that
 * is right unless its first byte is changed by the first one here. Each slot is left or free, and free for good once it is released.
 */
public final class KeptEventsFuzz {
    private static final byte[] HEADER = {'S', 'L', 'U', 'I', 'C', 'E', 'F', 'J'};
    private static final ByteBuffer MEMORY = ByteBuffer.allocateDirect(Journal.SIZE);

    private KeptEventsFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws InterruptedException {
        if (data.length == 0) {
            return;
        }
        ByteBuffer memory = memory(ByteBuffer.wrap(data).order(ByteOrder.nativeOrder()));
        Journal journal;
        try {
            journal = Journal.of(memory);
        } catch (IOException e) {
            Objects.requireNonNull(e.getMessage());
            return;
        }
        List<Slot> left = journal.left();
        Require.that(journal.size() == left.size(), "a slot that is neither left nor free");
        left.forEach(KeptEventsFuzz::check);
        left.forEach(journal::release);
        Require.that(journal.size() == 0, "a slot that was released and is not free");
        Slot slot = Objects.requireNonNull(journal.take(0));
        Require.that(!slot.isOccupied() && slot.inode() == 0, "a free slot that is not empty");
        try {
            Require.that(Journal.of(memory).left().isEmpty(), "a slot that was released and is left again");
        } catch (IOException e) {
            throw new AssertionError("what was ours is not ours", e);
        }
    }

    private static ByteBuffer memory(ByteBuffer in) {
        ByteBuffer memory = MEMORY.duplicate().order(ByteOrder.nativeOrder()).clear();
        for (int at = 0; at < Journal.SIZE; at += Long.BYTES) {
            memory.putLong(at, 0);
        }
        memory.put(0, HEADER).putInt(8, 1).putInt(12, Journal.SLOTS);
        memory.put(0, (byte) (HEADER[0] ^ in.get()));
        while (in.remaining() > Short.BYTES) {
            int slot = in.getShort() & (Journal.SLOTS - 1);
            int length = Math.min(Slot.SIZE, in.remaining());
            memory.put(Journal.HEADER + slot * Slot.SIZE, in, in.position(), length);
            in.position(in.position() + length);
        }
        return memory;
    }

    private static void check(Slot slot) {
        Event event = new Event();
        try {
            event.parse(slot.event(), slot.eventLength());
        } catch (IOException e) {
            Objects.requireNonNull(e.getMessage());
            return;
        }
        if (event.isForRange()) {
            Require.that(event.offset() >= 0 && event.count() >= 0, "a negative range");
            Require.that(event.offset() <= Long.MAX_VALUE - event.count(), "a range beyond all files");
        }
    }
}
