package dev.sluice.fill;

import dev.sluice.linux.Linux;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A data device in a sparse file, with a file beside it that says which pages are present (see {@link PresentFile}). Holes are
 * no evidence. A crash of the process costs nothing; a crash of the machine costs what was written since the last {@link #sync}.
 *
 * <p>Questions about presence take no lock.
 */
public final class SparseFileDevice implements DataDevice {
    private static final Logger LOG = LoggerFactory.getLogger(SparseFileDevice.class);

    private final Path path;
    private final long size;
    private final DeviceFile data;
    private final PresentFile evidence;
    private final PresentBitmap present;
    /** Keeps sync, forget and close apart; readers and writers never take it. */
    private final ReentrantLock maintenance = new ReentrantLock();

    private final AtomicLong forgets = new AtomicLong();
    private volatile boolean dirty;
    private boolean closed;

    private SparseFileDevice(Path path, long size, DeviceFile data, PresentFile evidence) {
        this.path = path;
        this.size = size;
        this.data = data;
        this.evidence = evidence;
        this.present = evidence.live();
        // What a crash left in the page cache is not durable yet.
        this.dirty = present.count() > 0;
    }

    /**
     * Opens a device, and creates it when it is absent. If its data are missing or have another size, or the evidence is corrupt,
     * nothing is present.
     *
     * @param data the sparse file
     * @param present the evidence
     * @param size in bytes, a multiple of {@link #PAGE}
     * @param boot of the running kernel
     * @throws IOException if a file cannot be used, or the evidence has an unknown version
     */
    public static SparseFileDevice open(Linux linux, Path data, Path present, long size, BootId boot)
            throws IOException {
        return open(LinuxDeviceFiles.of(linux), data, present, size, boot);
    }

    /**
     * See {@link #open(Linux, Path, Path, long, BootId)}.
     *
     * @param opener opens the sparse file; everything that is written goes through what it returns
     */
    public static SparseFileDevice open(Linux linux, Path data, Path present, long size, BootId boot, FileOpener opener)
            throws IOException {
        return open(LinuxDeviceFiles.of(linux).with(data, opener), data, present, size, boot);
    }

    /** See {@link #open(Linux, Path, Path, long, BootId)}. */
    static SparseFileDevice open(DeviceFiles files, Path data, Path present, long size, BootId boot)
            throws IOException {
        if (size < 0 || size % PAGE != 0) {
            throw new IllegalArgumentException("size of a data device is no multiple of a page: " + size);
        }
        boolean trusted = files.size(data).equals(OptionalLong.of(size));
        // Before the data file comes into being: evidence of an earlier one must never speak for it.
        PresentFile evidence = PresentFile.open(files, present, size, boot, trusted);
        try {
            DeviceFile file = trusted ? files.open(data) : create(files, data, size);
            return new SparseFileDevice(data, size, file, evidence);
        } catch (IOException | RuntimeException e) {
            evidence.close();
            throw e;
        }
    }

    private static DeviceFile create(DeviceFiles files, Path data, long size) throws IOException {
        files.delete(data);
        DeviceFile file = files.open(data);
        try {
            file.truncate(size);
            return file;
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    /** The sparse file itself, for kernel interfaces that read it. */
    public Path path() {
        return path;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean isPresent(long offset, long length) {
        checkRange(offset, length);
        return length == 0 || present.containsAll(offset / PAGE, pageEnd(offset + length));
    }

    @Override
    public long firstAbsent(long offset) {
        checkRange(offset, 0);
        return present.firstAbsent(offset / PAGE) * PAGE;
    }

    @Override
    public long presentBytes() {
        return present.count() * PAGE;
    }

    @Override
    public void write(long offset, ByteBuffer pages) throws IOException {
        int length = pages.remaining();
        checkRange(offset, length);
        if (offset % PAGE != 0 || length % PAGE != 0) {
            throw new IllegalArgumentException("not whole pages: " + length + " bytes at " + offset);
        }
        data.writeFully(pages, offset);
        evidence.set(offset / PAGE, (offset + length) / PAGE);
        dirty = true;
    }

    /** Says that all pages are present, after somebody else has written them. */
    public void markComplete() {
        evidence.set(0, size / PAGE);
        dirty = true;
    }

    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
        int length = into.remaining();
        checkRange(offset, length);
        int start = into.position();
        while (true) {
            long before = forgets.get();
            if (!isPresent(offset, length)) {
                throw new IOException(
                        "Tried to read " + length + " bytes at " + offset + " of " + path + " but some are absent");
            }
            into.position(start);
            data.readFully(into, offset);
            // A page forgotten meanwhile may have been read as zeros.
            if (forgets.get() == before) {
                return;
            }
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>Nobody may write into the range meanwhile. If the file system cannot free the space, the pages are absent all the same.
     */
    @Override
    public void forget(long offset, long length) throws IOException {
        checkRange(offset, length);
        if (offset % PAGE != 0 || length % PAGE != 0) {
            throw new IllegalArgumentException("not whole pages: " + length + " bytes at " + offset);
        }
        if (length == 0) {
            return;
        }
        maintenance.lock();
        try {
            forgets.incrementAndGet();
            evidence.forget(offset / PAGE, (offset + length) / PAGE);
            data.punchHole(offset, length);
        } finally {
            forgets.incrementAndGet();
            maintenance.unlock();
        }
    }

    @Override
    public void sync() throws IOException {
        maintenance.lock();
        try {
            if (dirty && !closed) {
                checkpoint();
            }
        } finally {
            maintenance.unlock();
        }
    }

    private void checkpoint() throws IOException {
        dirty = false;
        boolean synced = false;
        try {
            // Every page in the snapshot was written before the data are synced.
            ByteBuffer snapshot = evidence.snapshot();
            data.sync();
            synced = true;
            evidence.writeDurable(snapshot);
        } catch (IOException e) {
            dirty = true;
            if (!synced) {
                // The kernel reports a lost page once and then forgets it.
                LOG.warn("{} cannot be synced, what was written since the last time is fetched again", path, e);
                evidence.fallBackToDurable();
            }
            throw e;
        }
    }

    /** Like {@link #close}, but what was not synced survives only as long as the machine runs, until it is opened and synced again. */
    public void closeWithoutSync() throws IOException {
        maintenance.lock();
        try {
            dirty = false;
        } finally {
            maintenance.unlock();
        }
        close();
    }

    @Override
    public void close() throws IOException {
        maintenance.lock();
        try (DeviceFile closeData = data;
                PresentFile closeEvidence = evidence) {
            if (dirty && !closed) {
                checkpoint();
            }
        } finally {
            closed = true;
            maintenance.unlock();
        }
    }

    private void checkRange(long offset, long length) {
        if (offset < 0 || length < 0 || offset > size - length) {
            throw new IndexOutOfBoundsException(length + " bytes at " + offset + " of a device of " + size + " bytes");
        }
    }

    private static long pageEnd(long end) {
        return (end + PAGE - 1) / PAGE;
    }
}
