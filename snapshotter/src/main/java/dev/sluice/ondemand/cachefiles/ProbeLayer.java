package dev.sluice.ondemand.cachefiles;

import dev.sluice.fill.LayerFill;
import dev.sluice.fill.Priority;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** Contents in memory, being copied into the kernel's cache: what a probe mounts. Safe for use by many threads. */
final class ProbeLayer implements LayerFill {
    private final CookieDevice device;
    private final byte[] contents;

    /** @param contents whole pages */
    ProbeLayer(String name, byte[] contents) {
        this.device = new CookieDevice(name, contents.length);
        this.contents = contents.clone();
    }

    @Override
    public CookieDevice device() {
        return device;
    }

    @Override
    public CompletableFuture<Void> fill(long offset, long length, Priority priority) {
        try {
            device.write(0, ByteBuffer.wrap(contents));
            return CompletableFuture.completedFuture(null);
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public void close() {
        // Nothing waits, and memory needs no closing.
    }
}
