package dev.sluice.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.Arrays;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.SaveError;
import org.jspecify.annotations.Nullable;

/** The C library, bound by jnr, and the conversions that every call needs. */
final class Native {
    /** {@code AT_FDCWD}: relative paths start at the working directory. */
    static final int AT_FDCWD = -100;

    private final LibC libc;
    private final Runtime runtime;

    Native() {
        libc = LibraryLoader.create(LibC.class).load("c");
        runtime = Runtime.getRuntime(libc);
    }

    LibC libc() {
        return libc;
    }

    /** For structs that hold addresses. */
    Runtime runtime() {
        return runtime;
    }

    /** The error number of this thread's last call. */
    int errno() {
        return runtime.getLastError();
    }

    /** Whether a call that returned {@code result} was only interrupted by a signal and has to be made again. */
    boolean interrupted(long result) {
        return result < 0 && errno() == Errno.EINTR.number();
    }

    /** Fails if a call returned a negative number. Not for hot paths: the action's text is made each time. */
    long check(long result, String action) throws LinuxException {
        if (result < 0) {
            throw new LinuxException(action, errno());
        }
        return result;
    }

    /** A path as the kernel takes it, in the encoding that Java's file system uses, with the final NUL. */
    static byte[] path(Path path) {
        return nulTerminated(path.toString().getBytes(Encoding.OF_PATHS));
    }

    static byte[] text(String text) {
        return nulTerminated(text.getBytes(Encoding.OF_PATHS));
    }

    static byte[] nulTerminated(byte[] bytes) {
        for (byte b : bytes) {
            if (b == 0) {
                throw new IllegalArgumentException("a NUL byte within a path or an option");
            }
        }
        return Arrays.copyOf(bytes, bytes.length + 1);
    }

    static ByteBuffer struct(int size) {
        return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
    }

    /** The encoding of {@link Path}; {@code LANG=C} makes it US-ASCII. */
    private static final class Encoding {
        static final Charset OF_PATHS = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
    }

    /**
     * The functions of the C library. Public because jnr implements it in a class loader of its own; the enclosing class keeps it
     * within this package. Buffers are passed from their position; direct ones without a copy.
     */
    public interface LibC {
        @SaveError
        int open(byte[] path, int flags, int mode);

        @SaveError
        int close(int fd);

        @SaveError
        long read(int fd, ByteBuffer into, long length);

        @SaveError
        long write(int fd, ByteBuffer from, long length);

        @SaveError
        long pread(int fd, ByteBuffer into, long length, long offset);

        @SaveError
        long pwrite(int fd, ByteBuffer from, long length, long offset);

        @SaveError
        long lseek(int fd, long offset, int whence);

        @SaveError
        int fsync(int fd);

        @SaveError
        int fdatasync(int fd);

        @SaveError
        int ftruncate(int fd, long size);

        @SaveError
        int fallocate(int fd, int mode, long offset, long length);

        @SaveError
        int fcntl(int fd, int command, long argument);

        @SaveError
        int ioctl(int fd, long request, long argument);

        @SaveError
        int ioctl(int fd, long request, ByteBuffer argument);

        @SaveError
        int poll(ByteBuffer descriptors, long count, int timeoutMillis);

        @SaveError
        int pipe2(ByteBuffer ends, int flags);

        @SaveError
        int socket(int domain, int type, int protocol);

        @SaveError
        long sendmsg(int fd, Pointer message, int flags);

        /** {@code waitid} with {@code P_PIDFD}. */
        @SaveError
        int waitid(int type, int id, ByteBuffer info, int options);

        int posix_spawn(
                ByteBuffer pid,
                byte[] program,
                ByteBuffer actions,
                ByteBuffer attributes,
                Pointer arguments,
                Pointer environment);

        int posix_spawnattr_init(ByteBuffer attributes);

        int posix_spawnattr_setflags(ByteBuffer attributes, short flags);

        int posix_spawnattr_setsigmask(ByteBuffer attributes, ByteBuffer set);

        int posix_spawnattr_destroy(ByteBuffer attributes);

        int posix_spawn_file_actions_init(ByteBuffer actions);

        int posix_spawn_file_actions_addopen(ByteBuffer actions, int fd, byte[] path, int flags, int mode);

        int posix_spawn_file_actions_adddup2(ByteBuffer actions, int from, int to);

        int posix_spawn_file_actions_addchdir_np(ByteBuffer actions, byte[] path);

        int posix_spawn_file_actions_addclosefrom_np(ByteBuffer actions, int first);

        int posix_spawn_file_actions_destroy(ByteBuffer actions);

        @SaveError
        int memfd_create(byte[] name, int flags);

        @SaveError
        int fanotify_init(int flags, int eventFlags);

        @SaveError
        int fanotify_mark(int group, int flags, long mask, int directory, byte @Nullable [] path);

        @SaveError
        int getrlimit(int resource, ByteBuffer limits);

        @SaveError
        int setrlimit(int resource, ByteBuffer limits);

        @SaveError
        int eventfd(int initial, int flags);

        @SaveError
        int statx(int directory, byte[] path, int flags, int mask, ByteBuffer into);

        @SaveError
        int statfs(byte[] path, ByteBuffer into);

        @SaveError
        long readlink(byte[] path, ByteBuffer into, long length);

        @SaveError
        long llistxattr(byte[] path, @Nullable ByteBuffer into, long size);

        @SaveError
        long lgetxattr(byte[] path, byte[] name, @Nullable ByteBuffer into, long size);

        @SaveError
        int lsetxattr(byte[] path, byte[] name, byte[] value, long size, int flags);

        @SaveError
        int mknod(byte[] path, int mode, long device);

        @SaveError
        int mount(byte[] source, byte[] target, byte @Nullable [] type, long flags, byte @Nullable [] data);

        @SaveError
        int umount2(byte[] target, int flags);

        @SaveError
        int unshare(int flags);

        @SaveError
        int chdir(byte[] path);

        /** {@code fsopen}; the C library knows the newer calls only from glibc 2.36 on. */
        @SaveError
        long syscall(long number, byte[] name, int flags);

        /** {@code fsconfig}. */
        @SaveError
        long syscall(long number, int fd, int command, byte @Nullable [] key, byte @Nullable [] value, int auxiliary);

        /** {@code fsmount}, {@code pidfd_open}, {@code pidfd_getfd}. */
        @SaveError
        long syscall(long number, int fd, int flags, int attributes);

        /** {@code pidfd_send_signal}. */
        @SaveError
        long syscall(long number, int fd, int signal, @Nullable ByteBuffer info, int flags);

        /** {@code move_mount}. */
        @SaveError
        long syscall(long number, int fromDirectory, byte[] from, int toDirectory, byte[] to, int flags);
    }
}
