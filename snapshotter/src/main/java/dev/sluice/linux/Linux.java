package dev.sluice.linux;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * The system calls. Loading takes about half a second, so do it once and off the path to the ready socket; hand the
 * instance around. Safe for use by many threads.
 */
public final class Linux {
    /** {@code linux/limits.h}. */
    private static final int PATH_MAX = 4096;

    private static final int MFD_CLOEXEC = 1;
    /** The same on x86-64 and arm64. */
    private static final int RLIMIT_NOFILE = 7;

    private final Native libc;

    private Linux(Native libc) {
        this.libc = libc;
    }

    /** Binds the C library. */
    public static Linux load() {
        return new Linux(new Native());
    }

    /** Mounting and unmounting. */
    public Mounts mounts() {
        return new Mounts(libc);
    }

    /** Block devices made of files. */
    public LoopDevices loopDevices() {
        return new LoopDevices(libc);
    }

    /** Extended attributes. */
    public Xattrs xattrs() {
        return new Xattrs(libc);
    }

    /**
     * Opens a file, close-on-exec.
     *
     * @param flags an or of {@link OpenFlags}
     * @param mode permissions of a file that is made, {@code 0600} for instance; the umask applies
     */
    public LinuxFile open(Path path, int flags, int mode) throws LinuxException {
        return LinuxFile.open(libc, Native.path(path), path.toString(), flags, mode);
    }

    /**
     * Takes over a descriptor that the kernel handed out; it is closed with the returned object. If it is not close-on-exec, the caller
     * makes it so: {@link LinuxFile#setCloseOnExec}.
     */
    public LinuxFile adopt(int fd, String description) {
        if (fd < 0) {
            throw new IllegalArgumentException("not a descriptor: " + fd);
        }
        return new LinuxFile(libc, fd, description);
    }

    /** What {@code lstat} says. */
    public FileStatus lstat(Path path) throws LinuxException {
        return FileStatus.read(libc, Native.AT_FDCWD, Native.path(path), path.toString());
    }

    /** What {@code lstat} says of a path whose bytes need not be text in any encoding. */
    public FileStatus lstat(byte[] path) throws LinuxException {
        return FileStatus.read(libc, Native.AT_FDCWD, Native.nulTerminated(path), new String(path, UTF_8));
    }

    /** What a symbolic link holds; neither path nor target need be text in any encoding. */
    public byte[] readlink(byte[] path) throws LinuxException {
        ByteBuffer into = ByteBuffer.allocateDirect(PATH_MAX);
        long length = libc.check(
                libc.libc().readlink(Native.nulTerminated(path), into, PATH_MAX),
                "readlink " + new String(path, UTF_8));
        byte[] target = new byte[(int) length];
        into.get(target);
        return target;
    }

    /** The file system that holds a path. */
    public FileSystemStatus statfs(Path path) throws LinuxException {
        return FileSystemStatus.read(libc, path);
    }

    /** Datagrams to unix sockets. */
    public UnixDatagrams unixDatagrams() {
        return new UnixDatagrams(libc);
    }

    /** Programs that inherit our files. */
    public Processes processes() {
        return new Processes(libc);
    }

    /** A new pipe. */
    public Pipe pipe() throws LinuxException {
        return Pipe.create(libc);
    }

    /** A new event counter at zero. */
    public EventFd eventFd() throws LinuxException {
        return EventFd.create(libc);
    }

    /** A new group without marks. Needs CAP_SYS_ADMIN and Linux 6.14. */
    public FanotifyGroup fanotifyGroup() throws LinuxException {
        return FanotifyGroup.create(libc);
    }

    /** A group that another process made; it is closed with the returned object. */
    public FanotifyGroup fanotifyGroup(LinuxFile group) {
        return new FanotifyGroup(libc, group);
    }

    /** For use by one thread. */
    public InodeReader inodeReader() {
        return new InodeReader(libc);
    }

    /** A file that exists only in memory, and only while somebody has it open. The name is for people. */
    public LinuxFile memoryFile(String name) throws LinuxException {
        long fd = libc.check(libc.libc().memfd_create(Native.text(name), MFD_CLOEXEC), "create a file in memory");
        return new LinuxFile(libc, (int) fd, name);
    }

    /**
     * Lets this process have at least so many files open, if it may.
     *
     * @return how many it can have open now
     */
    public long raiseOpenFileLimit(long wanted) throws LinuxException {
        ByteBuffer limits = Native.struct(2 * Long.BYTES);
        libc.check(libc.libc().getrlimit(RLIMIT_NOFILE, limits), "read the limit of open files");
        long soft = limits.getLong(0);
        long hard = limits.getLong(Long.BYTES);
        if (Long.compareUnsigned(soft, wanted) >= 0) {
            return soft;
        }
        limits.putLong(0, wanted).putLong(Long.BYTES, Long.compareUnsigned(hard, wanted) >= 0 ? hard : wanted);
        if (libc.libc().setrlimit(RLIMIT_NOFILE, limits) == 0) {
            return wanted;
        }
        limits.putLong(0, hard).putLong(Long.BYTES, hard);
        libc.check(libc.libc().setrlimit(RLIMIT_NOFILE, limits), "raise the limit of open files");
        return hard;
    }

    /** Waits for files to become readable; for use by one thread. */
    public Poller poller(List<LinuxFile> files) {
        return new Poller(libc, files, List.of());
    }

    /**
     * Waits for files to become readable or writable; for use by one thread.
     *
     * @param writable their indexes follow those of the readable ones
     */
    public Poller poller(List<LinuxFile> readable, List<LinuxFile> writable) {
        return new Poller(libc, readable, writable);
    }

    /** Gives the calling thread a working directory of its own. */
    public ThreadDirectory threadDirectory() throws LinuxException {
        return ThreadDirectory.unshare(libc);
    }
}
