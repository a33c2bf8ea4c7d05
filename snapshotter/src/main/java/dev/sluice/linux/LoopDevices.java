package dev.sluice.linux;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Makes block devices of regular files, read-only. Needs {@code LOOP_CONFIGURE} of Linux 5.8. Layouts and numbers are those of {@code
 * linux/loop.h}. Safe for use by many threads and beside other processes that take loop devices.
 *
 * <p>Never call it from a thread that serves the file.
 */
public final class LoopDevices {
    private static final int LOOP_CONFIGURE = 0x4C0A;
    private static final int LOOP_CTL_GET_FREE = 0x4C82;
    private static final int LO_FLAGS_READ_ONLY = 1;
    private static final int LO_FLAGS_AUTOCLEAR = 4;
    private static final int LO_FLAGS_DIRECT_IO = 16;

    private static final Path CONTROL = Path.of("/dev/loop-control");
    private static final int MAJOR = 7;
    private static final int S_IFBLK = 0060000;

    private static final int LARGE_SECTOR = 4096;

    /** Each lost race means that somebody else got a device, so this many in a row mean that something is wrong. */
    private static final int MAX_RACES = 1000;

    private final Native libc;

    LoopDevices(Native libc) {
        this.libc = libc;
    }

    /**
     * A device that is open. The kernel takes it back when the last one that has it open or mounted lets it go, so it outlives {@link
     * #close} only if it is in use by then, and a process that dies leaves none behind.
     *
     * @param path {@code /dev/loop7}
     * @param device open for reading
     */
    public record LoopDevice(Path path, LinuxFile device) implements AutoCloseable {
        @Override
        public void close() {
            device.close();
        }
    }

    /**
     * Makes a device of a file. Its size is that of the file now, in whole sectors of 512 bytes.
     *
     * <p>The kernel reads the file directly where its file system can do that: then reads do not wait for each other, pages are not cached
     * twice, and a file that has become too short is an error, where reads through the page cache would deliver zeros.
     *
     * @param file on any file system; may be deleted or unmounted afterwards, the device keeps it open
     * @throws LinuxException with {@link Errno#ENOENT} if the kernel has no loop devices
     */
    public LoopDevice attach(Path file) throws IOException {
        try (LinuxFile backing = LinuxFile.open(libc, Native.path(file), file.toString(), OpenFlags.O_RDONLY, 0);
                LinuxFile control =
                        LinuxFile.open(libc, Native.path(CONTROL), CONTROL.toString(), OpenFlags.O_RDWR, 0)) {
            ByteBuffer config = config(backing, file);
            for (int race = 0; race < MAX_RACES; race++) {
                int number = control.ioctl(LOOP_CTL_GET_FREE, 0);
                LinuxFile device;
                try {
                    device = open(number);
                } catch (LinuxException e) {
                    if (e.is(Errno.ENXIO)) {
                        // Somebody has removed it meanwhile.
                        continue;
                    }
                    throw e;
                }
                if (configure(device, config)) {
                    return new LoopDevice(path(number), device);
                }
            }
        }
        throw new LinuxException("attach " + file + " to a loop device", Errno.EBUSY.number());
    }

    /** @return false, and the device is closed, if somebody else was faster */
    private static boolean configure(LinuxFile device, ByteBuffer config) throws IOException {
        boolean configured = false;
        try {
            device.ioctl(LOOP_CONFIGURE, config);
            configured = true;
        } catch (LinuxException e) {
            if (!e.is(Errno.EBUSY) && !e.is(Errno.ENXIO)) {
                throw e;
            }
        } finally {
            if (!configured) {
                device.close();
            }
        }
        return configured;
    }

    /** For reading: kernels that protect mounted devices refuse to mount one that somebody has open for writing. */
    private LinuxFile open(int number) throws IOException {
        Path path = path(number);
        try {
            return LinuxFile.open(libc, Native.path(path), path.toString(), OpenFlags.O_RDONLY, 0);
        } catch (LinuxException e) {
            if (!e.is(Errno.ENOENT)) {
                throw e;
            }
            // In a container /dev need not be the kernel's own.
            makeNode(number);
            return LinuxFile.open(libc, Native.path(path), path.toString(), OpenFlags.O_RDONLY, 0);
        }
    }

    private void makeNode(int number) throws IOException {
        // 7:5 for instance; the minor number is not always that of the device.
        String numbers = Files.readString(Path.of("/sys/block/loop" + number + "/dev"), StandardCharsets.US_ASCII);
        int minor = Integer.parseInt(numbers.strip().substring((MAJOR + ":").length()));
        Path path = path(number);
        int result = libc.libc().mknod(Native.path(path), S_IFBLK | 0600, FileStatus.makedev(MAJOR, minor));
        if (result < 0 && libc.errno() != Errno.EEXIST.number()) {
            throw new LinuxException("make the device node " + path, libc.errno());
        }
    }

    private static Path path(int number) {
        return Path.of("/dev/loop" + number);
    }

    private ByteBuffer config(LinuxFile backing, Path file) throws IOException {
        ByteBuffer config = Native.struct(Config.SIZE);
        config.putInt(Config.FD, backing.fd());
        // Disks with large sectors can be read directly only in such; otherwise the kernel's default will do.
        config.putInt(Config.BLOCK_SIZE, backing.size() % LARGE_SECTOR == 0 ? LARGE_SECTOR : 0);
        int direct = canBeReadDirectly(file) ? LO_FLAGS_DIRECT_IO : 0;
        config.putInt(Config.FLAGS, LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR | direct);
        // What is too long for the field is cut; sysfs shows the whole path.
        byte[] name = Arrays.copyOf(Native.path(file), Config.FILE_NAME_SIZE - 1);
        config.put(Config.FILE_NAME, name);
        return config;
    }

    /** The loop driver finds out by itself, but not of overlayfs, which cannot if what is below it cannot: then all reads would fail. */
    private boolean canBeReadDirectly(Path file) throws LinuxException {
        int flags = OpenFlags.O_RDONLY | OpenFlags.O_DIRECT;
        try (LinuxFile direct = LinuxFile.open(libc, Native.path(file), file.toString(), flags, 0)) {
            return direct.fd() >= 0;
        } catch (LinuxException e) {
            if (e.is(Errno.EINVAL)) {
                return false;
            }
            throw e;
        }
    }

    /** {@code struct loop_config}, with its {@code struct loop_info64} from offset 8 on. */
    private static final class Config {
        static final int SIZE = 304;
        static final int FD = 0;
        static final int BLOCK_SIZE = 4;
        static final int FLAGS = 60;
        static final int FILE_NAME = 64;
        static final int FILE_NAME_SIZE = 64;
    }
}
