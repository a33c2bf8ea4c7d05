package dev.sluice.linux;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;

/**
 * Datagrams to unix sockets, with open files in them: {@code sendmsg(2)} with {@code SCM_RIGHTS}, which Java's own sockets do not have.
 * Struct layouts are those of {@code linux/socket.h} and {@code linux/un.h} on 64-bit machines. Safe for use by many threads.
 */
public final class UnixDatagrams {
    /** {@code SCM_MAX_FD}: the kernel refuses more in one datagram. */
    public static final int MAX_FILES = 253;

    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_CLOEXEC = OpenFlags.O_CLOEXEC;
    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MAX_PATH = 107;

    private static final int MSGHDR_SIZE = 56;
    private static final int IOVEC_SIZE = 16;
    private static final int CMSGHDR_SIZE = 16;

    private final Native libc;

    UnixDatagrams(Native libc) {
        this.libc = libc;
    }

    /**
     * Sends one datagram; waits while the receiver's queue is full.
     *
     * @param address an absolute path, or {@code @} and a name in the abstract name space
     * @param message not empty
     * @param files copies of their descriptors go along; at most {@link #MAX_FILES}
     * @throws LinuxException with {@link Errno#ENOENT} or ECONNREFUSED if nobody listens
     */
    public void send(String address, byte[] message, List<LinuxFile> files) throws IOException {
        byte[] name = address(address);
        if (files.size() > MAX_FILES) {
            throw new IllegalArgumentException(files.size() + " files in one datagram");
        }
        int controlLength = files.isEmpty() ? 0 : CMSGHDR_SIZE + files.size() * Integer.BYTES;
        int nameAt = align(MSGHDR_SIZE + IOVEC_SIZE);
        int messageAt = align(nameAt + name.length);
        int controlAt = align(messageAt + message.length);

        Pointer memory = Memory.allocateDirect(libc.runtime(), align(controlAt + controlLength), true);
        memory.putAddress(0, memory.address() + nameAt);
        memory.putInt(8, name.length);
        memory.putAddress(16, memory.address() + MSGHDR_SIZE);
        memory.putLong(24, 1);
        memory.putAddress(MSGHDR_SIZE, memory.address() + messageAt);
        memory.putLong(MSGHDR_SIZE + 8, message.length);
        memory.put(nameAt, name, 0, name.length);
        memory.put(messageAt, message, 0, message.length);
        if (!files.isEmpty()) {
            memory.putAddress(32, memory.address() + controlAt);
            memory.putLong(40, align(controlLength));
            memory.putLong(controlAt, controlLength);
            memory.putInt(controlAt + 8, SOL_SOCKET);
            memory.putInt(controlAt + 12, SCM_RIGHTS);
            for (int i = 0; i < files.size(); i++) {
                memory.putInt(
                        controlAt + CMSGHDR_SIZE + i * Integer.BYTES,
                        files.get(i).fd());
            }
        }
        send(address, memory);
    }

    private void send(String address, Pointer message) throws IOException {
        long fd = libc.check(libc.libc().socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "make a unix socket");
        try (LinuxFile socket = new LinuxFile(libc, (int) fd, "unix socket")) {
            long result;
            do {
                result = libc.libc().sendmsg(socket.fd(), message, MSG_NOSIGNAL);
            } while (libc.interrupted(result));
            libc.check(result, "send to " + address);
        }
    }

    /** {@code struct sockaddr_un} without what follows the name. */
    private static byte[] address(String address) {
        byte[] path = address.getBytes(UTF_8);
        boolean isAbstract = address.startsWith("@");
        if ((!isAbstract && !address.startsWith("/")) || path.length > MAX_PATH) {
            throw new IllegalArgumentException("not the address of a unix socket: " + address);
        }
        ByteBuffer name = ByteBuffer.allocate(Short.BYTES + path.length + (isAbstract ? 0 : 1))
                .order(ByteOrder.nativeOrder());
        name.putShort((short) AF_UNIX).put(path);
        if (isAbstract) {
            name.put(Short.BYTES, (byte) 0);
        }
        return name.array();
    }

    private static int align(int size) {
        return (size + Long.BYTES - 1) / Long.BYTES * Long.BYTES;
    }
}
