package dev.sluice.linux;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An open file descriptor, always close-on-exec. Calls that a signal interrupts are made again.
 *
 * <p>Safe for use by many threads. After {@link #close} every call throws {@link ClosedChannelException}; the descriptor itself is
 * closed when the last running call has returned, so its number is never used for another file by mistake. Closing does
 * not wake a thread that is blocked in a call: wait with a {@link Poller} and an {@link EventFd} instead.
 *
 * <p>Buffers are used from position to limit, and the position is advanced. Direct buffers are passed without a copy.
 */
public final class LinuxFile implements AutoCloseable {
    private static final int F_SETFD = 2;
    private static final int FD_CLOEXEC = 1;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int F_DUPFD_CLOEXEC = 1030;
    /** Programs take the first three for their standard input and output. */
    private static final int FIRST_DUPLICATE = 3;

    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;
    private static final int FALLOC_FL_KEEP_SIZE = 1;
    private static final int FALLOC_FL_PUNCH_HOLE = 2;

    private final Native libc;
    private final int fd;
    private final String description;
    private final AtomicBoolean closed = new AtomicBoolean();
    /** Running calls, and one for being open. */
    private final AtomicInteger users = new AtomicInteger(1);

    LinuxFile(Native libc, int fd, String description) {
        this.libc = libc;
        this.fd = fd;
        this.description = description;
    }

    static LinuxFile open(Native libc, byte[] path, String description, int flags, int mode) throws LinuxException {
        long fd;
        do {
            fd = libc.libc().open(path, flags | OpenFlags.O_CLOEXEC, mode);
        } while (libc.interrupted(fd));
        libc.check(fd, "open " + description);
        return new LinuxFile(libc, (int) fd, description);
    }

    /** The descriptor's number, for a system call that names it. Valid until {@link #close}. */
    public int fd() {
        return fd;
    }

    /**
     * {@code read(2)}.
     *
     * @return bytes read, 0 at the end of the file
     * @throws LinuxException with {@link Errno#EAGAIN} if the file is non-blocking and has nothing
     */
    public int read(ByteBuffer into) throws IOException {
        long count;
        enter();
        try {
            do {
                count = libc.libc().read(fd, into, into.remaining());
            } while (libc.interrupted(count));
            if (count < 0) {
                throw failure("read");
            }
        } finally {
            leave();
        }
        return advance(into, count);
    }

    /**
     * {@code read(2)} of a non-blocking file, for loops that often find nothing.
     *
     * @return bytes read, 0 at the end of the file, -1 if there is nothing to read now
     */
    public int readIfReady(ByteBuffer into) throws IOException {
        long count;
        enter();
        try {
            do {
                count = libc.libc().read(fd, into, into.remaining());
            } while (libc.interrupted(count));
            if (count < 0) {
                if (libc.errno() == Errno.EAGAIN.number()) {
                    return -1;
                }
                throw failure("read");
            }
        } finally {
            leave();
        }
        return advance(into, count);
    }

    /** {@code pread(2)}; returns the bytes read, 0 at the end of the file. */
    public int read(ByteBuffer into, long offset) throws IOException {
        long count;
        enter();
        try {
            do {
                count = libc.libc().pread(fd, into, into.remaining(), offset);
            } while (libc.interrupted(count));
            if (count < 0) {
                throw failure("pread");
            }
        } finally {
            leave();
        }
        return advance(into, count);
    }

    /**
     * Reads until the buffer is full.
     *
     * @throws EOFException if the file ends before
     */
    public void readFully(ByteBuffer into, long offset) throws IOException {
        long at = offset;
        while (into.hasRemaining()) {
            int count = read(into, at);
            if (count == 0) {
                throw new EOFException(description + " ends at " + at + ", before " + (at + into.remaining()));
            }
            at += count;
        }
    }

    /** {@code write(2)}; returns the bytes written, which may be fewer than remain. */
    public int write(ByteBuffer from) throws IOException {
        long count;
        enter();
        try {
            do {
                count = libc.libc().write(fd, from, from.remaining());
            } while (libc.interrupted(count));
            if (count < 0) {
                throw failure("write");
            }
        } finally {
            leave();
        }
        return advance(from, count);
    }

    /**
     * {@code write(2)} of a message that may have lost its addressee.
     *
     * @return whether it was taken; false if the call failed with {@code lost}
     */
    boolean writeUnless(Errno lost, ByteBuffer from) throws IOException {
        long count;
        enter();
        try {
            do {
                count = libc.libc().write(fd, from, from.remaining());
            } while (libc.interrupted(count));
            if (count < 0) {
                if (libc.errno() == lost.number()) {
                    return false;
                }
                throw failure("write");
            }
        } finally {
            leave();
        }
        return true;
    }

    /** {@code pwrite(2)}; returns the bytes written, which may be fewer than remain. */
    public int write(ByteBuffer from, long offset) throws IOException {
        long count;
        enter();
        try {
            do {
                count = libc.libc().pwrite(fd, from, from.remaining(), offset);
            } while (libc.interrupted(count));
            if (count < 0) {
                throw failure("pwrite");
            }
        } finally {
            leave();
        }
        return advance(from, count);
    }

    /** Writes all that remains. */
    public void writeFully(ByteBuffer from, long offset) throws IOException {
        long at = offset;
        while (from.hasRemaining()) {
            at += write(from, at);
        }
    }

    /** Makes data and metadata durable. */
    public void fsync() throws IOException {
        call("fsync", () -> libc.libc().fsync(fd));
    }

    /** Makes data durable, and the metadata that is needed to read them. */
    public void fdatasync() throws IOException {
        call("fdatasync", () -> libc.libc().fdatasync(fd));
    }

    /** Sets the size, in bytes. */
    public void truncate(long size) throws IOException {
        call("ftruncate", () -> libc.libc().ftruncate(fd, size));
    }

    /** Reserves space on the disk; does not change the size. */
    public void allocate(long offset, long length) throws IOException {
        call("fallocate", () -> libc.libc().fallocate(fd, FALLOC_FL_KEEP_SIZE, offset, length));
    }

    /** Turns a range into a hole and gives its space back; does not change the size. */
    public void punchHole(long offset, long length) throws IOException {
        call(
                "punch a hole into",
                () -> libc.libc().fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, offset, length));
    }

    /** Where the first data at or after the offset begin; empty if only a hole follows. Moves the file's position. */
    public OptionalLong seekData(long offset) throws IOException {
        try {
            return OptionalLong.of(call("seek in", () -> libc.libc().lseek(fd, offset, SEEK_DATA)));
        } catch (LinuxException e) {
            if (e.is(Errno.ENXIO)) {
                return OptionalLong.empty();
            }
            throw e;
        }
    }

    /** Where the first hole at or after the offset begins; the end of the file counts as one. Moves the file's position. */
    public long seekHole(long offset) throws IOException {
        return call("seek in", () -> libc.libc().lseek(fd, offset, SEEK_HOLE));
    }

    /** What {@code fstat} says. */
    public FileStatus status() throws IOException {
        enter();
        try {
            return FileStatus.read(libc, fd, new byte[1], description);
        } finally {
            leave();
        }
    }

    /** Size in bytes. */
    public long size() throws IOException {
        return status().size();
    }

    /**
     * Maps a part of the file, for reading and writing: changes are in the file at once. Stays valid after {@link #close}. Not for files that
     * can be opened only once.
     */
    public ByteBuffer map(long offset, int length) throws IOException {
        enter();
        try (FileChannel channel =
                FileChannel.open(Path.of("/proc/self/fd/" + fd), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return channel.map(FileChannel.MapMode.READ_WRITE, offset, length).order(ByteOrder.nativeOrder());
        } finally {
            leave();
        }
    }

    /** Whether calls return {@link Errno#EAGAIN} instead of waiting. Belongs to the open file, so to all its descriptors. */
    public void setNonBlocking(boolean nonBlocking) throws IOException {
        long flags = fcntl(F_GETFL, 0);
        fcntl(F_SETFL, nonBlocking ? flags | OpenFlags.O_NONBLOCK : flags & ~OpenFlags.O_NONBLOCK);
    }

    /** For a descriptor that the kernel handed out without it: children do not inherit it from now on. */
    public void setCloseOnExec() throws IOException {
        fcntl(F_SETFD, FD_CLOEXEC);
    }

    /** Another descriptor of the same open file; it is closed by itself. */
    public LinuxFile duplicate() throws IOException {
        return new LinuxFile(libc, fcntl(F_DUPFD_CLOEXEC, FIRST_DUPLICATE), description);
    }

    /** {@code fcntl(2)} with an integer argument. */
    public int fcntl(int command, long argument) throws IOException {
        return (int) call("fcntl", () -> libc.libc().fcntl(fd, command, argument));
    }

    /** {@code ioctl(2)} with an integer argument. */
    public int ioctl(long request, long argument) throws IOException {
        return (int) call("ioctl", () -> libc.libc().ioctl(fd, request, argument));
    }

    /** {@code ioctl(2)} with a structure, a direct buffer from its position on, which the kernel may also write to. */
    public int ioctl(long request, ByteBuffer argument) throws IOException {
        return (int) call("ioctl", () -> libc.libc().ioctl(fd, request, argument));
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            leave();
        }
    }

    @Override
    public String toString() {
        return description + " (fd " + fd + ")";
    }

    interface Call {
        long run();
    }

    /** Makes a system call on the descriptor, which stays open meanwhile. */
    long call(String action, Call call) throws IOException {
        enter();
        try {
            long result;
            do {
                result = call.run();
            } while (libc.interrupted(result));
            if (result < 0) {
                throw failure(action);
            }
            return result;
        } finally {
            leave();
        }
    }

    /** Keeps the descriptor open until {@link #leave}. */
    void enter() throws ClosedChannelException {
        if (closed.get()) {
            throw new ClosedChannelException();
        }
        int count;
        do {
            count = users.get();
            if (count == 0) {
                throw new ClosedChannelException();
            }
        } while (!users.compareAndSet(count, count + 1));
    }

    void leave() {
        if (users.decrementAndGet() == 0) {
            // Nothing useful can be done about a failure: Linux frees the descriptor in any case.
            libc.libc().close(fd);
        }
    }

    private LinuxException failure(String action) {
        return new LinuxException(action + " " + description, libc.errno());
    }

    private static int advance(ByteBuffer buffer, long count) {
        buffer.position(buffer.position() + (int) count);
        return (int) count;
    }
}
