package dev.sluice.ondemand.cachefiles;

import dev.sluice.fill.DataDevice;
import dev.sluice.fill.PresentBitmap;
import dev.sluice.fill.StagingBuffers;
import dev.sluice.linux.Errno;
import dev.sluice.linux.LinuxException;
import dev.sluice.linux.LinuxFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.OptionalLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One object that the kernel has open in its cache, seen through its anonymous descriptor: write-only, without the page cache, and with
 * {@code SEEK_DATA} as the evidence of what is there. That evidence is looked at once; from then on what is written here is added.
 *
 * <p>Safe for use by many threads.
 */
final class CacheObject implements AutoCloseable {
    private static final int PAGE = DataDevice.PAGE;

    private final int id;
    private final LinuxFile file;
    private final long size;
    private final StagingBuffers buffers;
    private final PresentBitmap present;
    private final ReentrantLock scanning = new ReentrantLock();
    private volatile boolean scanned;

    /**
     * @param id the kernel's number of the object
     * @param file the anonymous descriptor; belongs to this object from now on
     * @param size in bytes, a multiple of a page
     */
    CacheObject(int id, LinuxFile file, long size, StagingBuffers buffers) {
        this.id = id;
        this.file = file;
        this.size = size;
        this.buffers = buffers;
        long pages = size / PAGE;
        this.present = new PresentBitmap(ByteBuffer.allocateDirect(PresentBitmap.bytesFor(pages)), pages);
    }

    int id() {
        return id;
    }

    /**
     * Tells the kernel that a READ is done: it looks itself whether the data are there, and fails the reader if not.
     *
     * @return false if nobody waits for it any more
     * @throws IOException if the kernel refuses for another reason
     */
    boolean complete(int messageId) throws IOException {
        try {
            file.ioctl(Protocol.READ_COMPLETE, Integer.toUnsignedLong(messageId));
            return true;
        } catch (LinuxException e) {
            if (e.is(Errno.EINVAL)) {
                return false;
            }
            throw e;
        }
    }

    /**
     * Which pages are present. As long as the kernel has not finished opening the object, none is known to be.
     *
     * @throws IOException if the cache does not tell
     */
    PresentBitmap present() throws IOException {
        if (!scanned) {
            scan();
        }
        return present;
    }

    /**
     * Writes whole pages.
     *
     * @throws IOException if not all of them are in the cache afterwards
     */
    void write(long offset, ByteBuffer pages) throws IOException {
        long end = offset + pages.remaining();
        if (pages.isDirect() && pages.alignmentOffset(pages.position(), PAGE) == 0) {
            writeAligned(offset, pages);
        } else {
            ByteBuffer aligned = buffers.take();
            try {
                long at = offset;
                while (pages.hasRemaining()) {
                    int count = Math.min(pages.remaining(), aligned.clear().remaining());
                    aligned.put(0, pages, pages.position(), count).limit(count);
                    writeAligned(at, aligned);
                    pages.position(pages.position() + count);
                    at += count;
                }
            } finally {
                buffers.giveBack(aligned);
            }
        }
        checkWritten(offset, end);
        present.set(offset / PAGE, end / PAGE);
    }

    @Override
    public void close() {
        file.close();
    }

    private void writeAligned(long offset, ByteBuffer pages) throws IOException {
        long at = offset;
        while (pages.hasRemaining()) {
            int count = write(pages, at);
            if (count == 0 || count % PAGE != 0) {
                throw new IOException(
                        "the cache took only " + count + " of " + (count + pages.remaining()) + " bytes at " + at);
            }
            at += count;
        }
    }

    private int write(ByteBuffer pages, long at) throws IOException {
        try {
            return file.write(pages, at);
        } catch (LinuxException e) {
            if (e.is(Errno.ENOBUFS)) {
                throw new IOException(
                        "the kernel's cache takes nothing more: its disk is nearly full (culling limit \"stop\")", e);
            }
            throw e;
        }
    }

    /** Kernels without commit 6b89819b06d8 report a short write as a whole one. */
    private void checkWritten(long offset, long end) throws IOException {
        boolean there = file.seekData(offset).equals(OptionalLong.of(offset)) && file.seekHole(offset) >= end;
        if (!there) {
            throw new IOException("the cache did not take all of the " + (end - offset) + " bytes at " + offset);
        }
    }

    private void scan() throws IOException {
        scanning.lock();
        try {
            if (scanned) {
                return;
            }
            for (OptionalLong data = file.seekData(0); data.isPresent() && data.getAsLong() < size; ) {
                long hole = file.seekHole(data.getAsLong());
                long from = (data.getAsLong() + PAGE - 1) / PAGE;
                long to = Math.min(hole, size) / PAGE;
                if (from < to) {
                    present.set(from, to);
                }
                data = hole < size ? file.seekData(hole) : OptionalLong.empty();
            }
            scanned = true;
        } catch (LinuxException e) {
            // Between our answer to the OPEN and the end of the kernel's own work there is no file behind the
            // descriptor.
            if (!e.is(Errno.ENOBUFS)) {
                throw e;
            }
        } finally {
            scanning.unlock();
        }
    }
}
