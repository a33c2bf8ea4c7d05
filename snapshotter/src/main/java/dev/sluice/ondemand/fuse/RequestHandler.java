package dev.sluice.ondemand.fuse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.sluice.linux.Errno;
import dev.sluice.ondemand.fuse.Protocol.InHeader;
import dev.sluice.ondemand.fuse.Protocol.InitFlag;
import dev.sluice.ondemand.fuse.Protocol.Interrupt;
import dev.sluice.ondemand.fuse.Protocol.Open;
import dev.sluice.ondemand.fuse.Protocol.Read;
import dev.sluice.ondemand.fuse.Protocol.StatFs;
import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the requests that one thread has read. For use by that thread. */
final class RequestHandler {
    private static final Logger log = LoggerFactory.getLogger(RequestHandler.class);

    private final FuseConnection connection;
    private final Channel channel;
    private final Supplier<NodeTable> nodes;
    private final Reads reads;
    private final Unanswered unanswered;
    private final @Nullable LeftNodes left;
    private final Reply reply;

    /**
     * @param nodes the devices that are attached now
     * @param left those that may be asked for besides; {@code null} for none
     */
    RequestHandler(
            FuseConnection connection,
            Channel channel,
            Supplier<NodeTable> nodes,
            Reads reads,
            Unanswered unanswered,
            @Nullable LeftNodes left) {
        this.connection = connection;
        this.channel = channel;
        this.nodes = nodes;
        this.reads = reads;
        this.unanswered = unanswered;
        this.left = left;
        this.reply = new Reply(channel);
    }

    /**
     * Answers a request now, or hands it to somebody who will. A malformed one is answered with EIO.
     *
     * @param request from index 0
     * @param length how many bytes of it the kernel wrote
     */
    void handle(ByteBuffer request, int length) {
        if (length < InHeader.SIZE || request.getInt(InHeader.LENGTH) != length) {
            log.error("The kernel sent a FUSE request of {} bytes that does not say so itself", length);
            if (length >= InHeader.SIZE) {
                channel.sendError(request.getLong(InHeader.UNIQUE), Errno.EIO);
            }
            return;
        }
        long unique = request.getLong(InHeader.UNIQUE);
        try {
            dispatch(request, length, unique);
        } catch (RuntimeException | OutOfMemoryError e) {
            log.error("Tried to answer FUSE request {} but failed", request.getInt(InHeader.OPCODE), e);
            channel.sendError(unique, Errno.EIO);
        }
    }

    private void dispatch(ByteBuffer request, int length, long unique) {
        int opcode = request.getInt(InHeader.OPCODE);
        switch (Opcode.of(opcode)) {
            case READ -> read(request, length, unique);
            case LOOKUP -> lookup(request, length, unique);
            case GETATTR -> getAttributes(request, unique);
            case OPEN -> open(unique);
            case OPENDIR -> reply.sendCleared(unique, Open.SIZE);
            case READDIR -> list(request, length, unique);
            case RELEASE, RELEASEDIR, DESTROY -> reply.sendEmpty(unique);
            case STATFS -> statFs(unique);
            case INTERRUPT -> interrupt(request, length, unique);
            // Node ids stay valid as long as their device is attached, so there is nothing to count; and no reply.
            case FORGET, BATCH_FORGET, NOTIFY_REPLY -> log.trace("FUSE request {} needs nothing", opcode);
            case SETATTR,
                    SYMLINK,
                    MKNOD,
                    MKDIR,
                    UNLINK,
                    RMDIR,
                    RENAME,
                    RENAME2,
                    LINK,
                    WRITE,
                    SETXATTR,
                    REMOVEXATTR,
                    CREATE,
                    TMPFILE,
                    FALLOCATE,
                    COPY_FILE_RANGE -> channel.sendError(unique, Errno.EROFS);
            // The kernel has a default for the rest, and most of it is not asked again: attributes, access, flush, ...
            case INIT, UNKNOWN -> channel.sendError(unique, Errno.ENOSYS);
        }
    }

    private void read(ByteBuffer request, int length, long unique) {
        if (length < InHeader.SIZE + Read.IN_SIZE) {
            malformed(request, unique);
            return;
        }
        long id = request.getLong(InHeader.NODE_ID);
        Node node = nodes.get().byId(id);
        int thread = request.getInt(InHeader.PID);
        long offset = request.getLong(InHeader.SIZE + Read.OFFSET);
        int count = request.getInt(InHeader.SIZE + Read.LENGTH);
        if (offset < 0 || count < 0 || count > connection.maxReadBytes()) {
            malformed(request, unique);
        } else if (node == null && left != null && left.has(id)) {
            int slot = unanswered.note(Opcode.READ, unique, id, thread, offset, count);
            answerLater(
                    left,
                    id,
                    unique,
                    slot,
                    (opened, itsReply) -> read(opened, unique, thread, offset, count, itsReply));
        } else {
            read(node, unique, thread, offset, count, reply);
        }
    }

    private void read(@Nullable Node node, long unique, int thread, long offset, int count, Reply reply) {
        if (node == null) {
            channel.sendError(unique, Errno.EIO);
        } else {
            reads.read(node, unique, thread, offset, count, reply);
        }
    }

    private void lookup(ByteBuffer request, int length, long unique) {
        int nameLength = length - InHeader.SIZE - 1;
        if (nameLength < 1 || nameLength > Protocol.NAME_MAX || request.get(length - 1) != 0) {
            malformed(request, unique);
            return;
        }
        byte[] name = new byte[nameLength];
        request.get(InHeader.SIZE, name);
        boolean inRoot = request.getLong(InHeader.NODE_ID) == Protocol.ROOT_ID;
        Node node = inRoot ? nodes.get().byName(new String(name, ISO_8859_1)) : null;
        if (node == null) {
            // An error is not remembered, so that a device attached later is found.
            channel.sendError(unique, Errno.ENOENT);
        } else {
            Directory.entry(reply, unique, node);
        }
    }

    private void getAttributes(ByteBuffer request, long unique) {
        long id = request.getLong(InHeader.NODE_ID);
        Node node = nodes.get().byId(id);
        if (node == null && left != null && left.has(id)) {
            int slot = unanswered.note(Opcode.GETATTR, unique, id, request.getInt(InHeader.PID), 0, 0);
            answerLater(left, id, unique, slot, (opened, itsReply) -> attributes(opened, id, unique, itsReply));
        } else {
            attributes(node, id, unique, reply);
        }
    }

    private void answerLater(LeftNodes left, long id, long unique, int slot, LeftNodes.Waiting waiting) {
        if (slot == Unanswered.FULL) {
            log.error("Too many FUSE requests wait, one more gets an I/O error");
            channel.sendError(unique, Errno.EIO);
            return;
        }
        left.answerLater(id, (opened, itsReply) -> {
            waiting.answer(opened, itsReply);
            unanswered.release(slot);
        });
    }

    private void attributes(@Nullable Node node, long id, long unique, Reply reply) {
        if (node == null && id != Protocol.ROOT_ID) {
            channel.sendError(unique, Errno.ESTALE);
        } else {
            Directory.attributes(reply, unique, node);
        }
    }

    private void open(long unique) {
        if (connection.has(InitFlag.NO_OPEN_SUPPORT)) {
            // The kernel opens and closes files by itself from now on and keeps their pages: no state that could be
            // lost.
            channel.sendError(unique, Errno.ENOSYS);
            return;
        }
        ByteBuffer body = reply.clearedBody(Open.SIZE);
        body.putInt(body.position() + Open.FLAGS, Open.KEEP_CACHE);
        reply.send(unique);
    }

    private void list(ByteBuffer request, int length, long unique) {
        if (length < InHeader.SIZE + Read.IN_SIZE || request.getLong(InHeader.NODE_ID) != Protocol.ROOT_ID) {
            malformed(request, unique);
            return;
        }
        long position = request.getLong(InHeader.SIZE + Read.OFFSET);
        int room = request.getInt(InHeader.SIZE + Read.LENGTH);
        if (position < 0 || room < 0) {
            malformed(request, unique);
        } else {
            Directory.list(reply, unique, nodes.get(), position, Math.min(room, connection.maxReadBytes()));
        }
    }

    private void statFs(long unique) {
        ByteBuffer body = reply.clearedBody(StatFs.SIZE);
        int at = body.position();
        body.putInt(at + StatFs.BLOCK_SIZE, 4096);
        body.putInt(at + StatFs.FRAGMENT_SIZE, 4096);
        body.putInt(at + StatFs.NAME_LENGTH, Protocol.NAME_MAX);
        reply.send(unique);
    }

    private void interrupt(ByteBuffer request, int length, long unique) {
        if (length < InHeader.SIZE + Interrupt.IN_SIZE) {
            malformed(request, unique);
        } else if (!reads.interrupt(request.getLong(InHeader.SIZE))) {
            // Another thread may just be reading that request: the kernel asks again, unless it has been answered.
            channel.sendError(unique, Errno.EAGAIN);
        }
    }

    private void malformed(ByteBuffer request, long unique) {
        log.error(
                "The kernel sent a malformed FUSE request: opcode {}, {} bytes, node {}",
                request.getInt(InHeader.OPCODE),
                request.getInt(InHeader.LENGTH),
                request.getLong(InHeader.NODE_ID));
        channel.sendError(unique, Errno.EIO);
    }
}
