package dev.sluice.linux;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code poll(2)} on a fixed list of files, for their becoming readable or writable. For use by one thread; allocates nothing per call.
 */
public final class Poller {
    /** {@code struct pollfd}: s32 fd, s16 events, s16 revents. */
    private static final int POLLFD_SIZE = 8;

    private static final short POLLIN = 1;
    private static final short POLLOUT = 4;
    private static final short POLLERR = 8;
    private static final short POLLHUP = 16;
    private static final short POLLNVAL = 32;

    private final Native libc;
    private final List<LinuxFile> files;
    private final ByteBuffer descriptors;

    /**
     * @param readable waited for until they are readable
     * @param writable waited for until they are writable; their indexes follow
     */
    Poller(Native libc, List<LinuxFile> readable, List<LinuxFile> writable) {
        this.libc = libc;
        List<LinuxFile> all = new ArrayList<>(readable);
        all.addAll(writable);
        this.files = List.copyOf(all);
        this.descriptors = Native.struct(files.size() * POLLFD_SIZE);
        for (int i = 0; i < files.size(); i++) {
            descriptors.putInt(i * POLLFD_SIZE, files.get(i).fd());
            descriptors.putShort(i * POLLFD_SIZE + 4, i < readable.size() ? POLLIN : POLLOUT);
        }
    }

    /**
     * Waits until a file is readable, or writable, or has failed. A signal may end the wait early.
     *
     * @param timeoutMillis in milliseconds; 0 returns at once, -1 waits without end
     * @return whether there is such a file
     */
    public boolean await(int timeoutMillis) throws LinuxException {
        long ready = libc.libc().poll(descriptors, files.size(), timeoutMillis);
        if (libc.interrupted(ready)) {
            for (int i = 0; i < files.size(); i++) {
                descriptors.putShort(i * POLLFD_SIZE + 6, (short) 0);
            }
            return false;
        }
        return libc.check(ready, "poll") > 0;
    }

    /** Whether the last wait found the file at this index of the list readable. */
    public boolean isReadable(int index) {
        return (revents(index) & POLLIN) != 0;
    }

    /** Whether the last wait found the file at this index of the list writable. */
    public boolean isWritable(int index) {
        return (revents(index) & POLLOUT) != 0;
    }

    /** Whether the last wait found the file at this index of the list failed, hung up or closed. */
    public boolean hasFailed(int index) {
        return (revents(index) & (POLLERR | POLLHUP | POLLNVAL)) != 0;
    }

    private short revents(int index) {
        return descriptors.getShort(index * POLLFD_SIZE + 6);
    }
}
