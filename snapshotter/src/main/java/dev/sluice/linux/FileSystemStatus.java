package dev.sluice.linux;

import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * What {@code statfs} tells of a file system.
 *
 * @param type its magic number, see {@code linux/magic.h}
 * @param availableBytes what a process without privileges may still write
 */
public record FileSystemStatus(
        long type, long totalBytes, long freeBytes, long availableBytes, long totalFiles, long freeFiles) {
    public static final long EXT4 = 0xef53;
    public static final long XFS = 0x58465342;
    public static final long BTRFS = 0x9123683eL;
    public static final long TMPFS = 0x01021994;
    public static final long OVERLAYFS = 0x794c7630;
    public static final long FUSE = 0x65735546;
    public static final long EROFS = 0xe0f5e1e2L;

    /** {@code struct statfs} of {@code asm-generic/statfs.h} on 64-bit machines: f_type, f_bsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, ... */
    private static final int STRUCT_SIZE = 120;

    static FileSystemStatus read(Native libc, Path path) throws LinuxException {
        ByteBuffer statfs = Native.struct(STRUCT_SIZE);
        long result;
        do {
            result = libc.libc().statfs(Native.path(path), statfs);
        } while (libc.interrupted(result));
        libc.check(result, "statfs " + path);
        long blockSize = statfs.getLong(8);
        return new FileSystemStatus(
                statfs.getLong(0),
                statfs.getLong(16) * blockSize,
                statfs.getLong(24) * blockSize,
                statfs.getLong(32) * blockSize,
                statfs.getLong(40),
                statfs.getLong(48));
    }
}
