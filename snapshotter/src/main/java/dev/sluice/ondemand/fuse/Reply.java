package dev.sluice.ondemand.fuse;

import dev.sluice.ondemand.fuse.Protocol.OutHeader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The memory of one reply at a time, used again and again. The header lies directly before the page-aligned body, so that header and
 * body go to the kernel in one write. For use by one thread at a time.
 */
final class Reply {
    private static final int PAGE = 4096;
    private static final int BODY = PAGE;
    private static final int SMALLEST = 64 * 1024;

    private final Channel channel;
    private ByteBuffer memory;
    private int bodyLength;

    Reply(Channel channel) {
        this.channel = channel;
        this.memory = allocate(SMALLEST);
    }

    /**
     * Begins a body; what an earlier reply left there is still in it.
     *
     * @return the buffer, in the machine's byte order, from the first byte of the body to its end
     */
    ByteBuffer body(int length) {
        if (memory.capacity() - BODY < length) {
            memory = allocate(Math.max(length, 2 * (memory.capacity() - BODY)));
        }
        bodyLength = length;
        return memory.limit(BODY + length).position(BODY);
    }

    /** As {@link #body}, filled with zeros. */
    ByteBuffer clearedBody(int length) {
        ByteBuffer body = body(length);
        while (body.hasRemaining()) {
            body.put((byte) 0);
        }
        return body.position(BODY);
    }

    /** Sends the body. */
    void send(long unique) {
        send(unique, 0, bodyLength);
    }

    /** Sends the beginning of the body. */
    void send(long unique, int length) {
        send(unique, 0, length);
    }

    /** Sends a body of zeros. */
    void sendCleared(long unique, int length) {
        clearedBody(length);
        send(unique);
    }

    /** Says yes, without a body. */
    void sendEmpty(long unique) {
        send(unique, 0, 0);
    }

    /** Sends the body as a message that nobody asked for. */
    void sendNotification(int code) {
        send(0, code, bodyLength);
    }

    private void send(long unique, int error, int length) {
        int start = BODY - OutHeader.SIZE;
        memory.putInt(start + OutHeader.LENGTH, OutHeader.SIZE + length);
        memory.putInt(start + OutHeader.ERROR, error);
        memory.putLong(start + OutHeader.UNIQUE, unique);
        channel.send(memory.limit(BODY + length).position(start));
    }

    private static ByteBuffer allocate(int bodyLength) {
        return ByteBuffer.allocateDirect(BODY + bodyLength + PAGE)
                .alignedSlice(PAGE)
                .order(ByteOrder.nativeOrder());
    }
}
