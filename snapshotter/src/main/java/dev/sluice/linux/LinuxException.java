package dev.sluice.linux;

import java.io.IOException;

/** A system call that failed, with its error number. */
public final class LinuxException extends IOException {
    private static final long serialVersionUID = 1;

    private final int errno;

    /**
     * @param action what was tried, {@code mount erofs on /x}
     * @param errno the positive error number
     */
    public LinuxException(String action, int errno) {
        super(action + ": " + Errno.describe(errno));
        this.errno = errno;
    }

    /** @param detail what the kernel said besides the number; may be empty */
    LinuxException(String action, int errno, String detail) {
        super(action + ": " + Errno.describe(errno) + (detail.isEmpty() ? "" : "; " + detail));
        this.errno = errno;
    }

    /** The positive error number. */
    public int errno() {
        return errno;
    }

    /** Whether the call failed with this error. */
    public boolean is(Errno expected) {
        return errno == expected.number();
    }
}
