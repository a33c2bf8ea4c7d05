package dev.sluice.ondemand.cachefiles;

import dev.sluice.fill.DataDevice;
import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/** Direct buffers that begin at a page, as writes without the page cache need them. Safe for use by many threads. */
final class AlignedBuffers {
    static final int SIZE = 256 << 10;

    private final BlockingQueue<ByteBuffer> free;

    /** @param kept how many are kept for later use */
    AlignedBuffers(int kept) {
        free = new ArrayBlockingQueue<>(kept);
    }

    /** An empty buffer of {@link #SIZE} bytes with any contents. */
    ByteBuffer take() {
        ByteBuffer buffer = free.poll();
        return buffer != null
                ? buffer.clear()
                : ByteBuffer.allocateDirect(SIZE + DataDevice.PAGE)
                        .alignedSlice(DataDevice.PAGE)
                        .slice(0, SIZE);
    }

    void giveBack(ByteBuffer buffer) {
        boolean unused = free.offer(buffer);
    }
}
