package dev.sluice.ondemand.fanotify;

import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The events that were read and not answered. They stand in a file in memory that is kept together with the group, so that the process
 * which comes after us knows which numbers the kernel waits for. In the machine's byte order:
 *
 * <pre>
 * at 0         header: magic "SLUICEFJ" | version u32 | number of slots u32 | zeros up to 4096
 * at 4096      slots of 64 bytes: event as the kernel gives it, 48 bytes | response, 8 bytes | inode number u64
 * </pre>
 *
 * A slot whose event has length 0 is free. An inode number of 0 is not known yet. The number of slots bounds how many events we hold at
 * once, and so how many of their descriptors. Safe for use by many threads.
 */
final class Journal {
    /** A reader waits in the kernel's queue when all are taken. */
    static final int SLOTS = 2048;

    /** For events without which others cannot be answered. */
    private static final int RESERVE = 64;

    private static final byte[] MAGIC = {'S', 'L', 'U', 'I', 'C', 'E', 'F', 'J'};
    private static final int VERSION = 1;
    private static final int VERSION_AT = 8;
    private static final int SLOTS_AT = 12;
    static final int HEADER = 4096;
    static final int SIZE = HEADER + SLOTS * Slot.SIZE;

    private final BlockingQueue<Slot> free = new ArrayBlockingQueue<>(SLOTS);
    private final List<Slot> left = new ArrayList<>();

    private Journal(ByteBuffer memory) {
        for (int i = 0; i < SLOTS; i++) {
            Slot slot = new Slot(memory.slice(HEADER + i * Slot.SIZE, Slot.SIZE));
            if (slot.isOccupied()) {
                left.add(slot);
            } else {
                // What the process before had begun to note counts for nothing without an event.
                slot.clear();
                free.add(slot);
            }
        }
    }

    /** The memory that a new journal lives in. */
    static LinuxFile createFile(Linux linux) throws IOException {
        LinuxFile file = linux.memoryFile("sluice-fanotify-journal");
        try {
            file.truncate(SIZE);
            ByteBuffer header = ByteBuffer.allocateDirect(HEADER).order(ByteOrder.nativeOrder());
            header.put(MAGIC).putInt(VERSION).putInt(SLOTS).clear();
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
            throw new IOException("a journal of " + size + " bytes is not ours");
        }
        return of(file.map(0, SIZE));
    }

    /** @param memory what a file of the right size holds */
    static Journal of(ByteBuffer memory) throws IOException {
        byte[] magic = new byte[MAGIC.length];
        memory.get(0, magic);
        int version = memory.getInt(VERSION_AT);
        if (!Arrays.equals(magic, MAGIC) || version != VERSION || memory.getInt(SLOTS_AT) != SLOTS) {
            throw new IOException("a journal of version " + version + " is not known");
        }
        return new Journal(memory);
    }

    /** What the process before has left, to be settled and released. */
    List<Slot> left() {
        return List.copyOf(left);
    }

    /** How many events were read and not answered. */
    int size() {
        return SLOTS - free.size();
    }

    /** A free slot, or null if there is none for so long. Take it before an event is read. */
    @Nullable
    Slot take(long millis) throws InterruptedException {
        return free.poll(millis, TimeUnit.MILLISECONDS);
    }

    /** Whether the last slots are being used. */
    boolean isScarce() {
        return free.size() < RESERVE;
    }

    /** Clears a slot, and gives it back. */
    void release(Slot slot) {
        slot.clear();
        free.add(slot);
    }
}
