package dev.sluice.ondemand.fanotify;

import dev.sluice.ondemand.fanotify.Protocol.Metadata;
import dev.sluice.ondemand.fanotify.Protocol.Response;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The journal's entry of one event, in memory that outlives this process; see {@link Journal} for its layout. The kernel itself writes
 * the event there: there is no moment at which an event was read and is in no journal. Used by one thread after the other.
 */
final class Slot {
    static final int SIZE = 64;

    private static final int EVENT_SIZE = Metadata.SIZE + Protocol.Range.SIZE;
    private static final int RESPONSE = EVENT_SIZE;
    private static final int INODE = RESPONSE + Response.SIZE;

    private final ByteBuffer memory;
    private final ByteBuffer landing;
    private final ByteBuffer response;
    private LeftEvents.@Nullable Descriptor older;

    /** @param memory direct, of {@link #SIZE} bytes */
    Slot(ByteBuffer memory) {
        this.memory = memory.order(ByteOrder.nativeOrder());
        this.landing = memory.slice(0, EVENT_SIZE).order(ByteOrder.nativeOrder());
        this.response = memory.slice(RESPONSE, Response.SIZE).order(ByteOrder.nativeOrder());
    }

    /** Where the kernel is to put one event, and no second. */
    ByteBuffer landing() {
        return landing.clear();
    }

    /** Whether it holds an event. */
    boolean isOccupied() {
        return eventLength() != 0;
    }

    /** What the event says of its own length; foreign data. */
    int eventLength() {
        return memory.getInt(Metadata.EVENT_LENGTH);
    }

    /** The event, from index 0. */
    ByteBuffer event() {
        return landing;
    }

    /** The event's descriptor; foreign data. */
    int fd() {
        return memory.getInt(Metadata.FD);
    }

    /** Older events under the same number, which the kernel gives the first answers to. */
    LeftEvents.@Nullable Descriptor older() {
        return older;
    }

    void setOlder(LeftEvents.Descriptor older) {
        this.older = older;
    }

    /** The file that the event is about, 0 as long as it is not known. */
    long inode() {
        return memory.getLong(INODE);
    }

    void setInode(long inode) {
        memory.putLong(INODE, inode);
    }

    /** An answer, ready to be written. */
    ByteBuffer response(int fd, int answer) {
        response.putInt(Response.FD, fd);
        response.putInt(Response.RESPONSE, answer);
        return response.clear();
    }

    /** Forgets the event: it was answered. */
    void clear() {
        memory.putInt(Metadata.EVENT_LENGTH, 0);
        memory.putLong(INODE, 0);
        older = null;
    }
}
