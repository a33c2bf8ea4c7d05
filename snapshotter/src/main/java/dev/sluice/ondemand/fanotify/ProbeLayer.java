package dev.sluice.ondemand.fanotify;

import dev.sluice.fill.DataDevice;
import dev.sluice.fill.LayerFill;
import dev.sluice.fill.Priority;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** Contents in memory, which cannot be had at first: what a probe mounts. Safe for use by many threads. */
final class ProbeLayer implements LayerFill {
    private final DataDevice device;
    private final byte[] contents;
    private volatile boolean there;

    /** @param contents as long as the device */
    ProbeLayer(DataDevice device, byte[] contents) {
        this.device = device;
        this.contents = contents.clone();
    }

    /** From now on they can be had. */
    void appear() {
        there = true;
    }

    @Override
    public DataDevice device() {
        return device;
    }

    @Override
    public CompletableFuture<Void> fill(long offset, long length, Priority priority) {
        try {
            if (!there) {
                throw new IOException("a probe's contents are not there yet, as intended");
            }
            device.write(0, ByteBuffer.wrap(contents));
            return CompletableFuture.completedFuture(null);
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public void close() {
        // Nothing waits; the device is the caller's.
    }
}
