package dev.sluice.ondemand.fuse;

import dev.sluice.fill.DataDevice;
import dev.sluice.fill.LayerFill;
import dev.sluice.fill.Priority;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** A layer in memory, all of it present: what a probe serves. Immutable. */
final class PresentLayer implements LayerFill {
    private final Memory device;

    /** @param contents whole pages */
    PresentLayer(byte[] contents) {
        this.device = new Memory(contents.clone());
    }

    @Override
    public DataDevice device() {
        return device;
    }

    @Override
    public CompletableFuture<Void> fill(long offset, long length, Priority priority) {
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public void close() {
        // Nothing waits, and memory needs no closing.
    }

    private record Memory(byte[] contents) implements DataDevice {
        @Override
        public long size() {
            return contents.length;
        }

        @Override
        public boolean isPresent(long offset, long length) {
            return true;
        }

        @Override
        public long firstAbsent(long offset) {
            return contents.length;
        }

        @Override
        public long presentBytes() {
            return contents.length;
        }

        @Override
        public void write(long offset, ByteBuffer pages) {
            throw new UnsupportedOperationException("everything is present");
        }

        @Override
        public void read(long offset, ByteBuffer into) {
            into.put(contents, Math.toIntExact(offset), into.remaining());
        }

        @Override
        public void forget(long offset, long length) {
            throw new UnsupportedOperationException("everything stays present");
        }

        @Override
        public void sync() {
            // Memory is never durable.
        }

        @Override
        public void close() {
            // Memory needs no closing.
        }
    }
}
