package dev.sluice.ondemand.cachefiles;

import dev.sluice.fill.DataDevice;
import dev.sluice.fill.PresentBitmap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a cookie stands for in the kernel's cache. Only while the kernel has it open, which is as long as it is mounted, can it be written
 * and is it known what of it is present; between that nothing counts as present. It survives a crash of the machine as far as its file
 * system does. The kernel can neither be asked for its bytes nor made to forget a part of them. Safe for use by many threads.
 */
final class CookieDevice implements DataDevice {
    private static final Logger log = LoggerFactory.getLogger(CookieDevice.class);

    private final String name;
    private final long size;
    private final Object changes = new Object();
    /** Changed under {@link #changes}, read without. */
    private volatile @Nullable CacheObject open;

    /** Guarded by {@link #changes}. */
    private final List<Runnable> onceOpen = new ArrayList<>();

    /**
     * @param name the cookie's key
     * @param size in bytes, a multiple of a page
     */
    CookieDevice(String name, long size) {
        if (size < 0 || size % PAGE != 0) {
            throw new IllegalArgumentException("size of a data device is no multiple of a page: " + size);
        }
        this.name = name;
        this.size = size;
    }

    String name() {
        return name;
    }

    /** The kernel has opened the cookie. */
    List<Runnable> opened(CacheObject object) {
        synchronized (changes) {
            open = object;
            List<Runnable> actions = List.copyOf(onceOpen);
            onceOpen.clear();
            return actions;
        }
    }

    /** The kernel has closed the cookie. If it has been opened anew since, nothing happens. */
    void closed(CacheObject object) {
        synchronized (changes) {
            if (open == object) {
                open = null;
            }
        }
    }

    boolean isOpen() {
        return open != null;
    }

    /** Keeps an action for when the kernel opens the cookie; false if it has. */
    boolean onceOpen(Runnable action) {
        synchronized (changes) {
            return open == null && onceOpen.add(action);
        }
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean isPresent(long offset, long length) {
        checkRange(offset, length);
        if (length == 0) {
            return true;
        }
        PresentBitmap present = present();
        return present != null && present.containsAll(offset / PAGE, (offset + length + PAGE - 1) / PAGE);
    }

    @Override
    public long firstAbsent(long offset) {
        checkRange(offset, 0);
        PresentBitmap present = present();
        return present == null ? offset / PAGE * PAGE : present.firstAbsent(offset / PAGE) * PAGE;
    }

    @Override
    public long presentBytes() {
        PresentBitmap present = present();
        return present == null ? 0 : present.count() * PAGE;
    }

    @Override
    public void write(long offset, ByteBuffer pages) throws IOException {
        checkRange(offset, pages.remaining());
        if (offset % PAGE != 0 || pages.remaining() % PAGE != 0) {
            throw new IllegalArgumentException("not whole pages: " + pages.remaining() + " bytes at " + offset);
        }
        CacheObject object = open;
        if (object == null) {
            throw new IOException("the kernel does not have " + name + " open in its cache");
        }
        object.write(offset, pages);
    }

    /** @throws IOException always */
    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
        throw new IOException("only the kernel reads its cache");
    }

    /** @throws IOException always */
    @Override
    public void forget(long offset, long length) throws IOException {
        throw new IOException("the kernel's cache gives up whole objects only");
    }

    @Override
    public void sync() {
        // Written past the page cache; what the file system then says is there is the evidence, whatever it lost.
    }

    @Override
    public void close() {
        // The object is the kernel's, which closes it.
    }

    private @Nullable PresentBitmap present() {
        CacheObject object = open;
        if (object == null) {
            return null;
        }
        try {
            return object.present();
        } catch (IOException e) {
            log.warn(
                    "Tried to find out what of {} is in the kernel's cache but failed; it is fetched again: {}",
                    name,
                    e.getMessage());
            return null;
        }
    }

    private void checkRange(long offset, long length) {
        if (offset < 0 || length < 0 || offset > size - length) {
            throw new IndexOutOfBoundsException(length + " bytes at " + offset + " of a device of " + size + " bytes");
        }
    }
}
