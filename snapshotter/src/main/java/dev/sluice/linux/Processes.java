package dev.sluice.linux;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;

/**
 * Starts programs that inherit open files of ours, which Java's own processes cannot, and finds running ones. Safe for use by many
 * threads.
 */
public final class Processes {
    /** The number of the first inherited file; those before it are standard input, output and error. */
    public static final int FIRST_FILE = 3;

    private static final long PIDFD_OPEN = 434;
    private static final int SIGNAL_SET_SIZE = 128;
    /** More than any C library's {@code posix_spawnattr_t} and {@code posix_spawn_file_actions_t}; glibc's have 336 and 80 bytes. */
    private static final int SPAWN_STRUCT_SIZE = 1024;

    private static final short POSIX_SPAWN_SETSIGMASK = 0x08;
    private static final short POSIX_SPAWN_SETSID = 0x80;

    private final Native libc;

    Processes(Native libc) {
        this.libc = libc;
    }

    /**
     * Starts a program in a session of its own, in the root directory, with {@code /dev/null} as standard input, output and error, and
     * with no other open files than the given ones. Needs glibc 2.34 or later.
     *
     * @param program absolute
     * @param arguments with the program's name as the first
     * @param environment of {@code NAME=value}
     * @param files are its files {@link #FIRST_FILE} and following, in the order of {@link #inherited}; stay the caller's
     * @return the child, to be {@linkplain ProcessFile#reap reaped}
     */
    public ProcessFile spawn(Path program, List<String> arguments, List<String> environment, List<LinuxFile> files)
            throws IOException {
        ByteBuffer actions = Native.struct(SPAWN_STRUCT_SIZE);
        ByteBuffer attributes = Native.struct(SPAWN_STRUCT_SIZE);
        check(libc.libc().posix_spawn_file_actions_init(actions), program);
        try {
            check(libc.libc().posix_spawnattr_init(attributes), program);
            try {
                check(
                        libc.libc().posix_spawnattr_setflags(attributes, (short)
                                (POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK)),
                        program);
                check(libc.libc().posix_spawnattr_setsigmask(attributes, Native.struct(SIGNAL_SET_SIZE)), program);
                addFiles(actions, inherited(files), program);
                return spawn(program, actions, attributes, arguments, environment);
            } finally {
                libc.libc().posix_spawnattr_destroy(attributes);
            }
        } finally {
            libc.libc().posix_spawn_file_actions_destroy(actions);
        }
    }

    /**
     * The order in which a child gets files: by our numbers, so that no file is overwritten before it was moved, since the n-th of them
     * has a number of n or more. All are above standard error.
     */
    public static List<LinuxFile> inherited(List<LinuxFile> files) {
        return files.stream().sorted(Comparator.comparingInt(LinuxFile::fd)).toList();
    }

    private void addFiles(ByteBuffer actions, List<LinuxFile> files, Path program) throws LinuxException {
        check(libc.libc().posix_spawn_file_actions_addchdir_np(actions, Native.text("/")), program);
        byte[] nowhere = Native.text("/dev/null");
        for (int standard = 0; standard < FIRST_FILE; standard++) {
            check(
                    libc.libc().posix_spawn_file_actions_addopen(actions, standard, nowhere, OpenFlags.O_RDWR, 0),
                    program);
        }
        for (int i = 0; i < files.size(); i++) {
            // Onto itself, too: that takes close-on-exec off.
            check(
                    libc.libc()
                            .posix_spawn_file_actions_adddup2(
                                    actions, files.get(i).fd(), FIRST_FILE + i),
                    program);
        }
        check(libc.libc().posix_spawn_file_actions_addclosefrom_np(actions, FIRST_FILE + files.size()), program);
    }

    private ProcessFile spawn(
            Path program, ByteBuffer actions, ByteBuffer attributes, List<String> arguments, List<String> environment)
            throws IOException {
        ByteBuffer pid = Native.struct(Integer.BYTES);
        check(
                libc.libc()
                        .posix_spawn(
                                pid,
                                Native.path(program),
                                actions,
                                attributes,
                                strings(arguments),
                                strings(environment)),
                program);
        return open(pid.getInt(0));
    }

    /**
     * A running process, or one that has ended and was not reaped.
     *
     * @throws LinuxException with {@link Errno#ESRCH} if there is none
     */
    public ProcessFile open(int pid) throws LinuxException {
        long fd = libc.check(libc.libc().syscall(PIDFD_OPEN, pid, 0, 0), "open process " + pid);
        return new ProcessFile(libc, new LinuxFile(libc, (int) fd, "process " + pid), pid);
    }

    /** An array of addresses that ends with a null one, and the texts behind it. */
    private Pointer strings(List<String> texts) {
        List<byte[]> bytes = texts.stream().map(Native::text).toList();
        int array = (texts.size() + 1) * Long.BYTES;
        int size = array + bytes.stream().mapToInt(text -> text.length).sum();
        Pointer memory = Memory.allocateDirect(libc.runtime(), size, true);
        int at = array;
        for (int i = 0; i < bytes.size(); i++) {
            memory.putAddress((long) i * Long.BYTES, memory.address() + at);
            memory.put(at, bytes.get(i), 0, bytes.get(i).length);
            at += bytes.get(i).length;
        }
        return memory;
    }

    /** These functions return the error's number instead of setting it. */
    private static void check(int error, Path program) throws LinuxException {
        if (error != 0) {
            throw new LinuxException("start " + program, error);
        }
    }
}
