package dev.sluice.linux;

import java.nio.file.Path;

/**
 * A working directory of one thread's own, for kernel interfaces that resolve names against the caller's. Only for use by the thread that
 * made it; the rest of the process keeps its directory. {@link Path} never looks at it.
 */
public final class ThreadDirectory {
    /** {@code linux/sched.h}. */
    private static final int CLONE_FS = 0x200;

    private final Native libc;

    private ThreadDirectory(Native libc) {
        this.libc = libc;
    }

    static ThreadDirectory unshare(Native libc) throws LinuxException {
        libc.check(libc.libc().unshare(CLONE_FS), "get a working directory of its own for a thread");
        return new ThreadDirectory(libc);
    }

    /** Changes into a directory. */
    public void change(Path directory) throws LinuxException {
        libc.check(libc.libc().chdir(Native.path(directory)), "change into " + directory);
    }
}
