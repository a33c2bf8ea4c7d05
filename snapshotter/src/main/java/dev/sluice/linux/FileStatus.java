package dev.sluice.linux;

import java.nio.ByteBuffer;

/**
 * What {@code stat} tells of a file.
 *
 * @param mode type and permissions, {@code st_mode}
 * @param size in bytes
 * @param allocatedBytes space taken on disk, in bytes
 * @param mtimeSeconds last change of the contents, seconds since 1970
 * @param mtimeNanos nanoseconds within that second, 0 to 999,999,999
 * @param device the device that holds the file, as {@code makedev} packs it
 * @param rdevMajor major number of a device node
 * @param rdevMinor minor number of a device node
 */
public record FileStatus(
        int mode,
        int uid,
        int gid,
        long size,
        long allocatedBytes,
        long mtimeSeconds,
        int mtimeNanos,
        long inode,
        int links,
        long device,
        int rdevMajor,
        int rdevMinor) {

    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int AT_NO_AUTOMOUNT = 0x800;
    static final int AT_EMPTY_PATH = 0x1000;
    static final int STATX_BASIC_STATS = 0x7ff;

    private static final int TYPE_MASK = 0170000;
    private static final int DIRECTORY = 0040000;
    private static final int REGULAR = 0100000;
    private static final int SYMBOLIC_LINK = 0120000;

    public boolean isDirectory() {
        return (mode & TYPE_MASK) == DIRECTORY;
    }

    public boolean isRegularFile() {
        return (mode & TYPE_MASK) == REGULAR;
    }

    public boolean isSymbolicLink() {
        return (mode & TYPE_MASK) == SYMBOLIC_LINK;
    }

    /** Permission bits with set-uid, set-gid and sticky. */
    public int permissions() {
        return mode & 07777;
    }

    /** @param path NUL-terminated; empty to mean {@code directory} itself */
    static FileStatus read(Native libc, int directory, byte[] path, String description) throws LinuxException {
        ByteBuffer statx = Native.struct(Layout.SIZE);
        int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (path.length == 1 ? AT_EMPTY_PATH : 0);
        libc.check(libc.libc().statx(directory, path, flags, STATX_BASIC_STATS, statx), "stat " + description);
        return new FileStatus(
                Short.toUnsignedInt(statx.getShort(Layout.MODE)),
                statx.getInt(Layout.UID),
                statx.getInt(Layout.GID),
                statx.getLong(Layout.FILE_SIZE),
                statx.getLong(Layout.BLOCKS) * 512,
                statx.getLong(Layout.MTIME),
                statx.getInt(Layout.MTIME + 8),
                statx.getLong(Layout.INO),
                statx.getInt(Layout.NLINK),
                makedev(statx.getInt(Layout.DEV_MAJOR), statx.getInt(Layout.DEV_MINOR)),
                statx.getInt(Layout.RDEV_MAJOR),
                statx.getInt(Layout.RDEV_MINOR));
    }

    /** A device number as {@code stat} and {@code mknod} have it. */
    static long makedev(long major, long minor) {
        return (major & 0xfffff000L) << 32 | (major & 0xfff) << 8 | (minor & 0xffffff00L) << 12 | (minor & 0xff);
    }

    /** {@code struct statx} of {@code linux/stat.h}; the same on every architecture, unlike {@code struct stat}. */
    static final class Layout {
        static final int SIZE = 256;
        static final int NLINK = 16;
        static final int UID = 20;
        static final int GID = 24;
        static final int MODE = 28;
        static final int INO = 32;
        static final int FILE_SIZE = 40;
        static final int BLOCKS = 48;
        static final int MTIME = 112;
        static final int RDEV_MAJOR = 128;
        static final int RDEV_MINOR = 132;
        static final int DEV_MAJOR = 136;
        static final int DEV_MINOR = 140;
    }
}
