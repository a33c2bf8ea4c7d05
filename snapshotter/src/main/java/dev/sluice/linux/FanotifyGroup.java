package dev.sluice.linux;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A {@code fanotify(7)} group whose events come before the contents of a marked file are read or written ({@code FAN_PRE_ACCESS}, Linux
 * 6.15). Who accesses the file waits for the answer. Safe for use by many threads.
 *
 * <p>When the last descriptor of the group closes, everybody who waits goes on as if allowed. So a group that must not be lost is also kept
 * by another process.
 */
public final class FanotifyGroup implements AutoCloseable {
    // linux/fanotify.h
    private static final int FAN_CLOEXEC = 0x01;
    private static final int FAN_NONBLOCK = 0x02;
    private static final int FAN_CLASS_PRE_CONTENT = 0x08;
    private static final int FAN_UNLIMITED_QUEUE = 0x10;
    private static final int FAN_UNLIMITED_MARKS = 0x20;
    private static final int FAN_MARK_ADD = 0x01;
    private static final int FAN_MARK_REMOVE = 0x02;
    private static final long FAN_PRE_ACCESS = 0x00100000;

    /** Of the descriptors that events bring. */
    private static final int EVENT_FLAGS = OpenFlags.O_RDWR | OpenFlags.O_CLOEXEC;

    private static final Pattern MARK = Pattern.compile("fanotify ino:([0-9a-f]+) .*");

    private final Native libc;
    private final LinuxFile file;

    FanotifyGroup(Native libc, LinuxFile file) {
        this.libc = libc;
        this.file = file;
    }

    static FanotifyGroup create(Native libc) throws LinuxException {
        int flags = FAN_CLASS_PRE_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS;
        long fd = libc.check(libc.libc().fanotify_init(flags, EVENT_FLAGS), "create a fanotify group");
        return new FanotifyGroup(libc, new LinuxFile(libc, (int) fd, "fanotify group"));
    }

    /** The descriptor, to wait for and to keep. */
    public LinuxFile file() {
        return file;
    }

    /**
     * Lets accesses through files that are opened from now on raise events; for those opened before nothing changes, ever. Has no
     * effect on a file that is marked already.
     *
     * @param marked any open file of it
     * @throws LinuxException with {@link Errno#EOPNOTSUPP} if its file system cannot do it, {@link Errno#EINVAL} if the kernel cannot
     */
    public void mark(LinuxFile marked) throws IOException {
        change(FAN_MARK_ADD, "mark", marked);
    }

    /**
     * Ends the events of a file. Those that are on their way still want an answer.
     *
     * @return whether it was marked
     */
    public boolean unmark(LinuxFile marked) throws IOException {
        try {
            change(FAN_MARK_REMOVE, "unmark", marked);
            return true;
        } catch (LinuxException e) {
            if (e.is(Errno.ENOENT)) {
                return false;
            }
            throw e;
        }
    }

    /** Both files stay open meanwhile: a number that is used anew would be that of another file. */
    private void change(int flags, String action, LinuxFile marked) throws IOException {
        file.enter();
        try {
            marked.call(action, () -> libc.libc().fanotify_mark(file.fd(), flags, FAN_PRE_ACCESS, marked.fd(), null));
        } finally {
            file.leave();
        }
    }

    /** The inode numbers of all marked files. */
    public Set<Long> marks() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/fdinfo/" + file.fd()))) {
            return lines.map(MARK::matcher)
                    .filter(Matcher::matches)
                    .map(mark -> Long.parseUnsignedLong(mark.group(1), 16))
                    .collect(Collectors.toUnmodifiableSet());
        }
    }

    /**
     * Takes as many whole events as fit.
     *
     * @param into direct
     * @return bytes read, or -1 if there is no event
     * @throws LinuxException with {@link Errno#EINVAL} if not even one event fits; with {@link Errno#EMFILE} if there is no descriptor
     *     for it: then the kernel has denied it
     */
    public int read(ByteBuffer into) throws IOException {
        return file.readIfReady(into);
    }

    /**
     * Writes an answer.
     *
     * @param response direct, 8 bytes: the descriptor's number and the response, an s32 and a u32
     * @return false if nobody has asked under that number
     */
    public boolean answer(ByteBuffer response) throws IOException {
        return file.writeUnless(Errno.ENOENT, response);
    }

    /** Closes the descriptor that came with an event. */
    public void closeEvent(int fd) {
        if (fd < 0) {
            throw new IllegalArgumentException("not a descriptor: " + fd);
        }
        // Nothing useful can be done about a failure: Linux frees the descriptor in any case.
        libc.libc().close(fd);
    }

    @Override
    public void close() {
        file.close();
    }
}
