package dev.sluice.linux;

import java.nio.ByteBuffer;

/** Tells which file a descriptor is of, without making an object for each answer. For use by one thread. */
public final class InodeReader {
    private static final byte[] NO_PATH = {0};

    private final Native libc;
    private final ByteBuffer statx = Native.struct(FileStatus.Layout.SIZE);

    InodeReader(Native libc) {
        this.libc = libc;
    }

    /** The inode number of an open file. */
    public long inode(int fd) throws LinuxException {
        int result = libc.libc().statx(fd, NO_PATH, FileStatus.AT_EMPTY_PATH, FileStatus.STATX_BASIC_STATS, statx);
        if (result < 0) {
            libc.check(result, "stat fd " + fd);
        }
        return statx.getLong(FileStatus.Layout.INO);
    }
}
