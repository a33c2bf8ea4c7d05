package dev.sluice.ondemand.fuse;

import dev.sluice.fuzz.Require;
import dev.sluice.ondemand.fuse.Protocol.InHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * Fuzzes the journal of requests that the process before has left, as {@code (place u16, up to 64 bytes)} again and again: a place below 64 is a
 * landing, another one a slot. The first byte changes the first one of the header. Each request is handed over once, within its bounds.
 */
public final class KeptRequestsFuzz {
    private static final byte[] HEADER = {'S', 'L', 'U', 'I', 'C', 'E', 'U', 'J'};
    private static final ByteBuffer MEMORY = ByteBuffer.allocateDirect(Journal.SIZE);

    private KeptRequestsFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
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
        int noted = journal.size();
        int[] taken = new int[1];
        int settled = journal.settle((request, length) -> {
            Require.that(length >= InHeader.SIZE && length <= Unanswered.LANDING_SIZE, "a request of " + length);
            Require.that(request.getInt(InHeader.LENGTH) == length, "a request of another length");
            taken[0]++;
        });
        Require.that(settled == taken[0] && settled >= noted, "a request that is lost");
        Require.that(settled <= noted + Journal.LOOPS, "a request out of nothing");
        Require.that(journal.size() == 0, "a request that is still noted");
        Require.that(journal.settle((request, length) -> taken[0]++) == 0, "a request that comes twice");
    }

    private static ByteBuffer memory(ByteBuffer in) {
        ByteBuffer memory = MEMORY.duplicate().order(ByteOrder.nativeOrder()).clear();
        for (int at = 0; at < Journal.SIZE; at += Long.BYTES) {
            memory.putLong(at, 0);
        }
        memory.put(0, HEADER).putInt(8, 1);
        memory.put(0, (byte) (HEADER[0] ^ in.get()));
        while (in.remaining() > Short.BYTES) {
            int place = in.getShort() & 0xFFFF;
            int length = Math.min(Journal.SLOT_SIZE, in.remaining());
            int at = place < Journal.LOOPS
                    ? Journal.HEADER + place * Unanswered.LANDING_SIZE
                    : Journal.SLOTS_AT + place % Journal.SLOTS * Journal.SLOT_SIZE;
            memory.put(at, in, in.position(), length);
            in.position(in.position() + length);
        }
        return memory;
    }
}
