package dev.sluice.ondemand.fuse;

import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.Poller;
import dev.sluice.ondemand.fuse.Protocol.InHeader;
import dev.sluice.ondemand.fuse.Protocol.Init;
import dev.sluice.ondemand.fuse.Protocol.InitFlag;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** The first request of a connection, INIT, and its answer. */
final class Handshake {
    /**
     * What Sluice uses. Passthrough never: it raises the stack depth, and EROFS could not be mounted on top.
     */
    private static final long WANTED = InitFlag.ASYNC_READ
            | InitFlag.NO_OPEN_SUPPORT
            | InitFlag.PARALLEL_DIROPS
            | InitFlag.MAX_PAGES
            | InitFlag.INIT_EXT;

    private static final long NEEDED = InitFlag.ASYNC_READ | InitFlag.MAX_PAGES;

    private static final int KERNEL_ANSWERS_WITHIN_MILLIS = 10_000;

    private final LinuxFile device;
    private final Poller poller;
    private final FuseOptions options;
    private final long wanted;

    /**
     * @param device mounted, and nothing read from it yet
     * @param readsDirectly whether loop devices read from it, whose reads would wait for each other; readers of other kinds could not be
     *     killed while they wait then
     */
    Handshake(Linux linux, LinuxFile device, FuseOptions options, boolean readsDirectly) {
        this.device = device;
        this.poller = linux.poller(List.of(device));
        this.options = options;
        this.wanted = WANTED | (readsDirectly ? InitFlag.ASYNC_DIO : 0) | (options.resend() ? InitFlag.HAS_RESEND : 0);
    }

    /** @throws IOException if the kernel does not begin a connection that Sluice can serve */
    FuseConnection negotiate() throws IOException {
        ByteBuffer request =
                ByteBuffer.allocateDirect(Protocol.MIN_REQUEST_BUFFER).order(ByteOrder.nativeOrder());
        poller.await(KERNEL_ANSWERS_WITHIN_MILLIS);
        int length = device.readIfReady(request);
        if (length < InHeader.SIZE + Init.IN_SIZE_WITHOUT_FLAGS2
                || request.getInt(InHeader.LENGTH) != length
                || Opcode.of(request.getInt(InHeader.OPCODE)) != Opcode.INIT) {
            throw new IOException("The kernel began a FUSE connection with " + length + " bytes that are no INIT");
        }
        FuseConnection connection = agree(request, length);
        answer(request.getLong(InHeader.UNIQUE), connection);
        return connection;
    }

    private FuseConnection agree(ByteBuffer request, int length) throws IOException {
        int in = InHeader.SIZE;
        int major = request.getInt(in + Init.MAJOR_VERSION);
        int minor = request.getInt(in + Init.MINOR_VERSION);
        if (major != Protocol.MAJOR || minor < Protocol.OLDEST_MINOR) {
            throw new IOException("The kernel speaks FUSE " + major + "." + minor + ", Sluice needs " + Protocol.MAJOR
                    + "." + Protocol.OLDEST_MINOR + " or later");
        }
        long offered = Integer.toUnsignedLong(request.getInt(in + Init.FLAGS));
        if ((offered & InitFlag.INIT_EXT) != 0 && length >= InHeader.SIZE + Init.IN_SIZE) {
            offered |= (long) request.getInt(in + Init.IN_FLAGS2) << 32;
        }
        if ((offered & NEEDED) != NEEDED) {
            throw new IOException(
                    "The kernel's FUSE lacks asynchronous reads or long reads, flags 0x" + Long.toHexString(offered));
        }
        return new FuseConnection(
                Math.min(minor, Protocol.MINOR),
                offered & wanted,
                request.getInt(in + Init.MAX_READAHEAD),
                options.maxPages());
    }

    private void answer(long unique, FuseConnection connection) {
        Reply reply = new Reply(new Channel(device));
        ByteBuffer out = reply.clearedBody(Init.OUT_SIZE).slice().order(ByteOrder.nativeOrder());
        out.putInt(Init.MAJOR_VERSION, Protocol.MAJOR);
        out.putInt(Init.MINOR_VERSION, connection.minor());
        out.putInt(Init.MAX_READAHEAD, connection.maxReadahead());
        out.putInt(Init.FLAGS, (int) connection.flags());
        out.putShort(Init.OUT_MAX_BACKGROUND, (short) options.maxBackground());
        out.putShort(Init.OUT_CONGESTION_THRESHOLD, (short) Math.max(1, options.maxBackground() / 4 * 3));
        // Nothing is ever written; this is the least that the kernel takes.
        out.putInt(Init.OUT_MAX_WRITE, 4096);
        out.putInt(Init.OUT_TIME_GRANULARITY, 1);
        out.putShort(Init.OUT_MAX_PAGES, (short) connection.maxPages());
        out.putInt(Init.OUT_FLAGS2, (int) (connection.flags() >>> 32));
        reply.send(unique);
    }
}
