package dev.sluice.ondemand.cachefiles;

import static dev.sluice.fill.DataDevice.PAGE;

import dev.sluice.fill.LayerFill;
import dev.sluice.fill.Priority;
import dev.sluice.fill.StagingBuffers;
import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.OpenFlags;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/**
 * A metadata image, which is at hand as a file, being copied into the kernel's cache as it is read. EROFS asks for single pages, so the
 * neighbours come with them. Safe for use by many threads.
 */
final class MetadataImage implements LayerFill {
    private static final int AHEAD = StagingBuffers.SIZE;

    private final CookieDevice device;
    private final LinuxFile file;
    private final StagingBuffers buffers;

    private MetadataImage(CookieDevice device, LinuxFile file, StagingBuffers buffers) {
        this.device = device;
        this.file = file;
        this.buffers = buffers;
    }

    /** @throws IOException if the file is not there, or not made of whole pages */
    static MetadataImage open(Linux linux, String name, Path path, StagingBuffers buffers) throws IOException {
        LinuxFile file = linux.open(path, OpenFlags.O_RDONLY, 0);
        try {
            long size = file.size();
            if (size % PAGE != 0) {
                throw new IOException("metadata image " + path + " has " + size + " bytes, no whole pages");
            }
            return new MetadataImage(new CookieDevice(name, size), file, buffers);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    @Override
    public CookieDevice device() {
        return device;
    }

    /** Copies at once: a local disk is not waited for elsewhere either. */
    @Override
    public CompletableFuture<Void> fill(long offset, long length, Priority priority) {
        try {
            long end = Math.min(device.size(), offset + Math.min(length, Long.MAX_VALUE - offset));
            long at = device.firstAbsent(Math.min(offset, device.size()));
            while (at < end) {
                at = device.firstAbsent(copy(at));
            }
            return CompletableFuture.completedFuture(null);
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public void close() {
        file.close();
    }

    private long copy(long at) throws IOException {
        ByteBuffer buffer = buffers.take();
        try {
            int count = (int) Math.min(AHEAD, device.size() - at);
            file.readFully(buffer.limit(count), at);
            device.write(at, buffer.flip());
            return at + count;
        } finally {
            buffers.giveBack(buffer);
        }
    }
}
