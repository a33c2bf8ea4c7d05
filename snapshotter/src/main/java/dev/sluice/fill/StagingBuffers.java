package dev.sluice.fill;

import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/** Small page-aligned direct buffers in which pages are put together, one for each thread that writes. Safe for use by many threads. */
public final class StagingBuffers {
    /** Pages are written in runs of up to this many bytes. */
    public static final int SIZE = 256 << 10;

    private final BlockingQueue<ByteBuffer> free;

    /** @param kept how many are kept for later use */
    public StagingBuffers(int kept) {
        free = new ArrayBlockingQueue<>(kept);
    }

    /** An empty buffer of {@link #SIZE} bytes with any contents. */
    public ByteBuffer take() {
        ByteBuffer buffer = free.poll();
        return buffer != null
                ? buffer.clear()
                : ByteBuffer.allocateDirect(SIZE + DataDevice.PAGE)
                        .alignedSlice(DataDevice.PAGE)
                        .slice(0, SIZE);
    }

    /** @param buffer of {@link #take}, not to be used any more */
    public void giveBack(ByteBuffer buffer) {
        boolean unused = free.offer(buffer);
    }
}
