package dev.sluice.ondemand.fuse;

import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.OpenFlags;
import dev.sluice.ondemand.fuse.Protocol.InitFlag;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** Fuzzes what the kernel sends through {@code /dev/fuse}: each request gets one reply that is whole, or, if it wants none, none. */
public final class RequestFuzz {
    private static final Linux LINUX = Linux.load();
    private static final int BUFFER = 1 << 16;
    private static final int MAX_READ = 131072;
    private static final int OUT_HEADER = 16;
    private static final int IN_HEADER = 40;
    private static final Set<Opcode> WITHOUT_REPLY = Set.of(Opcode.FORGET, Opcode.BATCH_FORGET, Opcode.NOTIFY_REPLY);

    private RequestFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        Path file = Files.createTempFile("fuse-replies", "");
        try (LinuxFile replies = LINUX.open(file, OpenFlags.O_RDWR | OpenFlags.O_APPEND, 0600)) {
            handle(data, replies);
        } finally {
            Files.delete(file);
        }
    }

    private static void handle(byte[] data, LinuxFile replies) throws IOException {
        ByteBuffer request = ByteBuffer.allocate(BUFFER).order(ByteOrder.nativeOrder());
        int length = Math.min(data.length, BUFFER);
        request.put(0, data, 0, length);
        Channel channel = new Channel(replies);
        NodeTable nodes = NodeTable.EMPTY.with(new Node("abc", new PresentLayer(new byte[5000])));
        new RequestHandler(
                        new FuseConnection(40, InitFlag.NO_OPEN_SUPPORT, MAX_READ, 256),
                        channel,
                        () -> nodes,
                        new Reads(channel, Unanswered.FORGOTTEN, thread -> false),
                        Unanswered.FORGOTTEN,
                        null)
                .handle(request, length);
        if (length < IN_HEADER) {
            require(replies.size() == 0, "a reply to nothing");
        } else if (request.getInt(0) == length && WITHOUT_REPLY.contains(Opcode.of(request.getInt(4)))) {
            require(replies.size() == 0, "a reply that nobody wants");
        } else {
            requireOneReply(replies, request.getLong(8));
        }
    }

    private static void requireOneReply(LinuxFile replies, long unique) throws IOException {
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
