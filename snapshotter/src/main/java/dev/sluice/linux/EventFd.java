package dev.sluice.linux;

import java.io.IOException;
import java.nio.ByteBuffer;

/** An {@code eventfd(2)}: wakes threads that wait in a {@link Poller}. Safe for use by many threads. */
public final class EventFd implements AutoCloseable {
    private static final int EFD_CLOEXEC = OpenFlags.O_CLOEXEC;
    private static final int EFD_NONBLOCK = OpenFlags.O_NONBLOCK;

    private final LinuxFile file;

    private EventFd(LinuxFile file) {
        this.file = file;
    }

    static EventFd create(Native libc) throws LinuxException {
        long fd = libc.check(libc.libc().eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "create an eventfd");
        return new EventFd(new LinuxFile(libc, (int) fd, "eventfd"));
    }

    /** Makes the descriptor readable until {@link #drain}. */
    public void signal() throws IOException {
        ByteBuffer one = Native.struct(Long.BYTES);
        one.putLong(0, 1);
        file.write(one);
    }

    /** Makes the descriptor unreadable again. */
    public void drain() throws IOException {
        try {
            file.read(Native.struct(Long.BYTES));
        } catch (LinuxException e) {
            if (!e.is(Errno.EAGAIN)) {
                throw e;
            }
        }
    }

    /** The descriptor to wait for. */
    public LinuxFile file() {
        return file;
    }

    @Override
    public void close() {
        file.close();
    }
}
