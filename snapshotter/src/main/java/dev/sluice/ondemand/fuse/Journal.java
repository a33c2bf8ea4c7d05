package dev.sluice.ondemand.fuse;

import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.ondemand.fuse.Protocol.InHeader;
import dev.sluice.ondemand.fuse.Protocol.Read;
import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * The requests that were read and not answered, in a file in memory that is kept together with the connection, for kernels that do not
 * repeat them. The kernel itself writes each request there: there is no moment at which one was read and is in no journal. In the
 * machine's byte order:
 *
 * <pre>
 * at 0         header: magic "SLUICEUJ" | version u32 | zeros up to 4096
 * at 4096      {@link #LOOPS} landings of {@link Unanswered#LANDING_SIZE} bytes: a request as the kernel gives it
 * behind       {@link #SLOTS} slots of 64 bytes: opcode u32 | thread u32 | unique u64 | node u64 | offset u64 | length u32 | zeros
 * </pre>
 *
 * A landing whose request has length 0 and a slot whose opcode is 0 are free. A request may stand in both, or have been answered: the
 * kernel takes no notice of a second answer, and gives no number twice.
 */
final class Journal implements Unanswered {
    /** The most loops that a connection has. */
    static final int LOOPS = 64;

    /** Of the readers that wait at once; the next one gets an error. */
    static final int SLOTS = 16384;

    private static final byte[] MAGIC = {'S', 'L', 'U', 'I', 'C', 'E', 'U', 'J'};
    private static final int VERSION = 1;
    static final int HEADER = 4096;
    private static final int PAGE = 4096;
    static final int SLOTS_AT = HEADER + LOOPS * LANDING_SIZE;
    static final int SLOT_SIZE = 64;
    static final int SIZE = SLOTS_AT + SLOTS * SLOT_SIZE;

    private static final int OPCODE = 0;
    private static final int THREAD = 4;
    private static final int UNIQUE = 8;
    private static final int NODE = 16;
    private static final int OFFSET = 24;
    private static final int LENGTH = 32;

    private final ByteBuffer memory;
    private final BlockingQueue<Integer> free = new ArrayBlockingQueue<>(SLOTS);
    private final List<Integer> left = new ArrayList<>();

    private Journal(ByteBuffer memory) {
        this.memory = memory;
        for (int slot = 0; slot < SLOTS; slot++) {
            (memory.getInt(at(slot) + OPCODE) == 0 ? free : left).add(slot);
        }
    }

    /** Somebody who answers requests, or notes them anew. */
    interface Taker {
        /**
         * Takes a request.
         *
         * @param request from index 0
         * @param length of the request, in bytes
         */
        void take(ByteBuffer request, int length);
    }

    /** The memory that a new journal lives in. */
    static LinuxFile createFile(Linux linux) throws IOException {
        LinuxFile file = linux.memoryFile("sluice-fuse-journal");
        try {
            file.truncate(SIZE);
            ByteBuffer header = ByteBuffer.allocateDirect(HEADER).order(ByteOrder.nativeOrder());
            header.put(MAGIC).putInt(VERSION).clear();
            file.writeFully(header, 0);
            return file;
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    /**
     * Opens a journal, new or of the process before.
     *
     * @param file stays the caller's, and may be closed
     * @throws IOException if it is not one, or of another version
     */
    static Journal open(LinuxFile file) throws IOException {
        long size = file.size();
        if (size != SIZE) {
            throw new IOException("a FUSE journal of " + size + " bytes is not ours");
        }
        return of(file.map(0, SIZE).order(ByteOrder.nativeOrder()));
    }

    /** @param memory what a file of the right size holds, in the machine's byte order */
    static Journal of(ByteBuffer memory) throws IOException {
        byte[] magic = new byte[MAGIC.length];
        memory.get(0, magic);
        int version = memory.getInt(MAGIC.length);
        if (!Arrays.equals(magic, MAGIC) || version != VERSION) {
            throw new IOException("a FUSE journal of version " + version + " is not known");
        }
        return new Journal(memory);
    }

    /**
     * Hands over what the process before has left. To be called before anything is read or noted.
     *
     * @return how many requests
     */
    int settle(Taker taker) {
        ByteBuffer request = ByteBuffer.allocateDirect(LANDING_SIZE).order(ByteOrder.nativeOrder());
        int settled = 0;
        for (int loop = 0; loop < LOOPS; loop++) {
            int at = HEADER + loop * LANDING_SIZE;
            int length = memory.getInt(at + InHeader.LENGTH);
            if (length >= InHeader.SIZE && length <= LANDING_SIZE) {
                request.clear().put(0, memory, at, length);
                taker.take(request, length);
                settled++;
            }
            clearLanding(loop);
        }
        for (int slot : left) {
            taker.take(request.clear(), restore(slot, request));
            release(slot);
            settled++;
        }
        left.clear();
        return settled;
    }

    @Override
    public ByteBuffer landing(int loop) {
        ByteBuffer landing =
                memory.slice(HEADER + loop * LANDING_SIZE, LANDING_SIZE).order(ByteOrder.nativeOrder());
        // Whoever is killed while the kernel writes there must not need memory for it.
        for (int at = 0; at < LANDING_SIZE; at += PAGE) {
            landing.putInt(at, 0);
        }
        return landing;
    }

    @Override
    public void clearLanding(int loop) {
        VarHandle.releaseFence();
        memory.putInt(HEADER + loop * LANDING_SIZE + InHeader.LENGTH, 0);
    }

    @Override
    public int note(Opcode opcode, long unique, long node, int thread, long offset, int length) {
        Integer slot = free.poll();
        if (slot == null) {
            return FULL;
        }
        int at = at(slot);
        memory.putInt(at + THREAD, thread);
        memory.putLong(at + UNIQUE, unique);
        memory.putLong(at + NODE, node);
        memory.putLong(at + OFFSET, offset);
        memory.putInt(at + LENGTH, length);
        VarHandle.releaseFence();
        memory.putInt(at + OPCODE, opcode.number());
        return slot;
    }

    @Override
    public void release(int slot) {
        memory.putInt(at(slot) + OPCODE, 0);
        free.add(slot);
    }

    /** How many requests are noted. */
    int size() {
        return SLOTS - free.size();
    }

    /** Writes a noted request as the kernel gave it, as far as anybody looks at it; returns its length. */
    private int restore(int slot, ByteBuffer request) {
        int length = InHeader.SIZE + Read.IN_SIZE;
        for (int i = 0; i < length; i++) {
            request.put(i, (byte) 0);
        }
        int at = at(slot);
        request.putInt(InHeader.LENGTH, length);
        request.putInt(InHeader.OPCODE, memory.getInt(at + OPCODE));
        request.putLong(InHeader.UNIQUE, memory.getLong(at + UNIQUE));
        request.putLong(InHeader.NODE_ID, memory.getLong(at + NODE));
        request.putInt(InHeader.PID, memory.getInt(at + THREAD));
        request.putLong(InHeader.SIZE + Read.OFFSET, memory.getLong(at + OFFSET));
        request.putInt(InHeader.SIZE + Read.LENGTH, memory.getInt(at + LENGTH));
        return length;
    }

    private static int at(int slot) {
        return SLOTS_AT + slot * SLOT_SIZE;
    }
}
