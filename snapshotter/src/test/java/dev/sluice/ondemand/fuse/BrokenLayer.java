package dev.sluice.ondemand.fuse;

import dev.sluice.fill.DataDevice;
import dev.sluice.fill.LayerFill;
import dev.sluice.fill.Priority;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** A layer whose fills break the contract. */
record BrokenLayer(DataDevice device, Supplier<CompletableFuture<Void>> fills) implements LayerFill {
    @Override
    public CompletableFuture<Void> fill(long offset, long length, Priority priority) {
        return fills.get();
    }

    @Override
    public void close() {
        // Nothing waits.
    }
}
