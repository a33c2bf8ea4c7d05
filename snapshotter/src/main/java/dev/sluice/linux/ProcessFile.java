package dev.sluice.linux;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A process, held by a {@code pidfd}: what is asked of it never meets another process that has got its number. Safe for use by many
 * threads.
 */
public final class ProcessFile implements AutoCloseable {
    private static final long PIDFD_SEND_SIGNAL = 424;
    private static final long PIDFD_GETFD = 438;
    private static final int SIGKILL = 9;
    private static final int P_PIDFD = 3;
    private static final int WEXITED = 4;
    private static final int SIGINFO_SIZE = 128;

    private final Native libc;
    private final LinuxFile file;
    private final int pid;

    ProcessFile(Native libc, LinuxFile file, int pid) {
        this.libc = libc;
        this.file = file;
        this.pid = pid;
    }

    /** Its number, which is another process's after it was reaped. */
    public int pid() {
        return pid;
    }

    /** Readable once it has ended. */
    public LinuxFile file() {
        return file;
    }

    /** Whether it has ended; it may wait to be reaped. */
    public boolean hasEnded() throws IOException {
        return new Poller(libc, List.of(file), List.of()).await(0);
    }

    /**
     * A descriptor of our own of a file that it has open, close-on-exec. Needs the right to trace it.
     *
     * @param number its descriptor
     * @throws LinuxException with {@link Errno#EBADF} if it has no such file, {@link Errno#ESRCH} if it has ended
     */
    public LinuxFile takeFile(int number, String description) throws LinuxException {
        long fd = libc.check(
                libc.libc().syscall(PIDFD_GETFD, file.fd(), number, 0), "take file " + number + " of process " + pid);
        return new LinuxFile(libc, (int) fd, description);
    }

    /** Ends it at once; returns when it has ended, and been reaped if it is our child. */
    public void kill() throws IOException {
        long result = libc.libc().syscall(PIDFD_SEND_SIGNAL, file.fd(), SIGKILL, (ByteBuffer) null, 0);
        if (result < 0 && libc.errno() != Errno.ESRCH.number()) {
            throw new LinuxException("kill process " + pid, libc.errno());
        }
        reap();
    }

    /** Waits for its end. If it is our child, its number is free then. */
    public void reap() throws IOException {
        Poller poller = new Poller(libc, List.of(file), List.of());
        while (!poller.await(-1)) {
            // A signal came.
        }
        long result;
        do {
            result = libc.libc().waitid(P_PIDFD, file.fd(), Native.struct(SIGINFO_SIZE), WEXITED);
        } while (libc.interrupted(result));
        if (result < 0 && libc.errno() != Errno.ECHILD.number()) {
            throw new LinuxException("wait for process " + pid, libc.errno());
        }
    }

    /** Lets go of it; it goes on. */
    @Override
    public void close() {
        file.close();
    }
}
