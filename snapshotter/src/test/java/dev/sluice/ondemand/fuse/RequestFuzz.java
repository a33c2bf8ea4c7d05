package dev.sluice.ondemand.fuse;

import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.ondemand.ReadCounters;
import dev.sluice.ondemand.fuse.Protocol.InitFlag;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Set;

/** Fuzzes what the kernel sends through {@code /dev/fuse}: each request gets one reply that is whole, or, if it wants none, none. */
public final class RequestFuzz {
    private static final int F_SETFL = 4;
    private static final int O_APPEND = 02000;
    private static final int BUFFER = 1 << 16;
    private static final int MAX_READ = 131072;
    private static final int OUT_HEADER = 16;
    private static final int IN_HEADER = 40;
    private static final Set<Opcode> WITHOUT_REPLY = Set.of(Opcode.FORGET, Opcode.BATCH_FORGET, Opcode.NOTIFY_REPLY);

    private static final RequestFuzz FUZZ = new RequestFuzz(Linux.load());

    private final LinuxFile replies;
    private final RequestHandler handler;
    private final ByteBuffer request = ByteBuffer.allocate(BUFFER).order(ByteOrder.nativeOrder());

    private RequestFuzz(Linux linux) {
        try {
            replies = linux.memoryFile("fuse-replies");
            int unused = replies.fcntl(F_SETFL, O_APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Channel channel = new Channel(replies);
        NodeTable nodes = NodeTable.EMPTY.with(new Node("abc", new PresentLayer(new byte[5000])));
        handler = new RequestHandler(
                new FuseConnection(40, InitFlag.NO_OPEN_SUPPORT, MAX_READ, 256),
                channel,
                () -> nodes,
                new Reads(channel, Unanswered.FORGOTTEN, thread -> false, new ReadCounters()),
                Unanswered.FORGOTTEN,
                null);
    }

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        FUZZ.handle(data);
    }

    private void handle(byte[] data) throws IOException {
        replies.truncate(0);
        int length = Math.min(data.length, BUFFER);
        Arrays.fill(request.array(), (byte) 0);
        request.put(0, data, 0, length);
        handler.handle(request, length);
        if (length < IN_HEADER) {
            require(replies.size() == 0, "a reply to nothing");
        } else if (request.getInt(0) == length && WITHOUT_REPLY.contains(Opcode.of(request.getInt(4)))) {
            require(replies.size() == 0, "a reply that nobody wants");
        } else {
            requireOneReply(request.getLong(8));
        }
    }

    private void requireOneReply(long unique) throws IOException {
        long size = replies.size();
        require(size >= OUT_HEADER && size <= OUT_HEADER + MAX_READ, "a reply of " + size + " bytes");
        ByteBuffer reply = ByteBuffer.allocateDirect(OUT_HEADER).order(ByteOrder.nativeOrder());
        replies.readFully(reply, 0);
        require(reply.getInt(0) == size, "a reply that says " + reply.getInt(0) + " and has " + size);
        int error = reply.getInt(4);
        require(error <= 0 && error > -512, "the error " + error);
        require(error == 0 || size == OUT_HEADER, "an error with a body");
        require(reply.getLong(8) == unique, "a reply to somebody else");
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }
}
