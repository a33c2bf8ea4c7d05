package dev.sluice.linux;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A mount in the making: {@code fsopen}, {@code fsconfig}, {@code fsmount} and {@code move_mount} of {@code linux/mount.h}. Takes any
 * number of options, where {@code mount(2)} silently cuts them at one page. For use by one thread.
 */
final class MountContext implements AutoCloseable {
    /** The kernel refuses longer values, the final NUL included. */
    static final int MAX_VALUE_BYTES = 255;

    // The same numbers on every architecture.
    private static final long MOVE_MOUNT = 429;
    private static final long FSOPEN = 430;
    private static final long FSCONFIG = 431;
    private static final long FSMOUNT = 432;

    private static final int CLOEXEC = 1;
    private static final int FSCONFIG_SET_FLAG = 0;
    private static final int FSCONFIG_SET_STRING = 1;
    private static final int FSCONFIG_CMD_CREATE = 6;
    private static final int MOVE_MOUNT_F_EMPTY_PATH = 4;

    static final int MOUNT_ATTR_RDONLY = 1;

    private final Native libc;
    private final LinuxFile context;
    private final String action;

    private MountContext(Native libc, LinuxFile context, String action) {
        this.libc = libc;
        this.context = context;
        this.action = action;
    }

    /**
     * @param action for exceptions, {@code mount erofs on /x}
     * @throws LinuxException with {@link Errno#ENOSYS} before Linux 5.2, {@link Errno#ENODEV} for an unknown file system
     */
    static MountContext open(Native libc, String type, String action) throws LinuxException {
        long fd = libc.check(libc.libc().syscall(FSOPEN, Native.text(type), CLOEXEC), action);
        return new MountContext(libc, new LinuxFile(libc, (int) fd, "mount context of " + type), action);
    }

    void flag(String name) throws LinuxException {
        configure(FSCONFIG_SET_FLAG, name, null);
    }

    void string(String name, String value) throws LinuxException {
        configure(FSCONFIG_SET_STRING, name, value);
    }

    /** An option as in {@code /etc/fstab}: {@code name} or {@code name=value}. */
    void option(String option) throws LinuxException {
        int equals = option.indexOf('=');
        if (equals < 0) {
            flag(option);
        } else {
            string(option.substring(0, equals), option.substring(equals + 1));
        }
    }

    /** Makes the superblock and mounts it. */
    void mount(Path target, int attributes) throws LinuxException {
        check(libc.libc().syscall(FSCONFIG, context.fd(), FSCONFIG_CMD_CREATE, null, null, 0), action);
        long fd = check(libc.libc().syscall(FSMOUNT, context.fd(), CLOEXEC, attributes), action);
        try (LinuxFile mount = new LinuxFile(libc, (int) fd, "detached mount")) {
            check(
                    libc.libc()
                            .syscall(
                                    MOVE_MOUNT,
                                    mount.fd(),
                                    new byte[1],
                                    Native.AT_FDCWD,
                                    Native.path(target),
                                    MOVE_MOUNT_F_EMPTY_PATH),
                    action);
        }
    }

    @Override
    public void close() {
        context.close();
    }

    private void configure(int command, String name, @Nullable String value) throws LinuxException {
        byte @Nullable [] bytes = value == null ? null : Native.text(value);
        long result = libc.libc().syscall(FSCONFIG, context.fd(), command, Native.text(name), bytes, 0);
        check(result, action + " with option " + name + (value == null ? "" : "=" + value));
    }

    private long check(long result, String what) throws LinuxException {
        if (result < 0) {
            int errno = libc.errno();
            throw new LinuxException(what, errno, messages());
        }
        return result;
    }

    /** What the file system logged in the context: one message per read, each with a letter for its level before it. */
    private String messages() {
        StringBuilder messages = new StringBuilder();
        ByteBuffer line = ByteBuffer.allocate(1024);
        try {
            while (context.read(line) > 0) {
                String message = new String(line.array(), 0, line.position(), UTF_8).strip();
                messages.append(messages.isEmpty() ? "" : "; ").append(message.replaceFirst("^[ewi] ", ""));
                line.clear();
            }
        } catch (IOException e) {
            // ENODATA ends the list; the text is a help, and the errno is reported in any case.
            return messages.toString();
        }
        return messages.toString();
    }
}
