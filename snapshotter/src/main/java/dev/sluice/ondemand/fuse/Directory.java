package dev.sluice.ondemand.fuse;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.sluice.ondemand.fuse.Protocol.Attr;
import dev.sluice.ondemand.fuse.Protocol.AttrReply;
import dev.sluice.ondemand.fuse.Protocol.DirectoryEntry;
import dev.sluice.ondemand.fuse.Protocol.Entry;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What the flat directory looks like: writes attributes and names into bodies of replies. Positions in the directory are node ids,
 * so a listing goes on where it was when devices come and go.
 */
final class Directory {
    /** In seconds. Nothing of a file ever changes, and a detached one is taken back from the kernel. */
    private static final long VALID = 365L * 24 * 60 * 60;

    private static final int DIRECTORY_MODE = 0040500;
    private static final int FILE_MODE = 0100400;
    private static final int BLOCK = 4096;
    private static final int SECTOR = 512;

    private static final long FIRST = 0;
    private static final long AFTER_DOT = 1;
    private static final long AFTER_DOT_DOT = 2;
    private static final byte[] DOT = {'.'};
    private static final byte[] DOT_DOT = {'.', '.'};
    private static final int DT_DIR = 4;
    private static final int DT_REG = 8;

    private Directory() {}

    /** Answers LOOKUP. */
    static void entry(Reply reply, long unique, Node node) {
        ByteBuffer body = reply.clearedBody(Entry.SIZE);
        int at = body.position();
        body.putLong(at + Entry.NODE_ID, node.id());
        body.putLong(at + Entry.ENTRY_VALID, VALID);
        body.putLong(at + Entry.ATTR_VALID, VALID);
        attributes(body, at + Entry.ATTR, node);
        reply.send(unique);
    }

    /** Answers GETATTR; {@code null} means the directory itself. */
    static void attributes(Reply reply, long unique, @Nullable Node node) {
        ByteBuffer body = reply.clearedBody(AttrReply.SIZE);
        int at = body.position();
        body.putLong(at + AttrReply.ATTR_VALID, VALID);
        attributes(body, at + AttrReply.ATTR, node);
        reply.send(unique);
    }

    /**
     * Answers READDIR with as many names as have room.
     *
     * @param position where the listing goes on; any number is harmless
     * @param room in bytes
     */
    static void list(Reply reply, long unique, NodeTable nodes, long position, int room) {
        ByteBuffer body = reply.clearedBody(room);
        int start = body.position();
        if (position == FIRST) {
            put(body, Protocol.ROOT_ID, AFTER_DOT, DT_DIR, DOT);
        }
        if (position <= AFTER_DOT) {
            put(body, Protocol.ROOT_ID, AFTER_DOT_DOT, DT_DIR, DOT_DOT);
        }
        Node node = nodes.after(position);
        while (node != null
                && put(body, node.id(), node.id(), DT_REG, node.name().getBytes(US_ASCII))) {
            node = nodes.after(node.id());
        }
        reply.send(unique, body.position() - start);
    }

    private static boolean put(ByteBuffer body, long inode, long next, int type, byte[] name) {
        int size = (DirectoryEntry.HEADER_SIZE + name.length + 7) / 8 * 8;
        if (body.remaining() < size) {
            return false;
        }
        int at = body.position();
        body.putLong(at + DirectoryEntry.INODE, inode);
        body.putLong(at + DirectoryEntry.NEXT, next);
        body.putInt(at + DirectoryEntry.NAME_LENGTH, name.length);
        body.putInt(at + DirectoryEntry.TYPE, type);
        body.put(at + DirectoryEntry.HEADER_SIZE, name);
        body.position(at + size);
        return true;
    }

    private static void attributes(ByteBuffer body, int at, @Nullable Node node) {
        long size = node == null ? 0 : node.size();
        body.putLong(at + Attr.INODE, node == null ? Protocol.ROOT_ID : node.id());
        body.putLong(at + Attr.FILE_SIZE, size);
        body.putLong(at + Attr.BLOCKS, size / SECTOR);
        body.putInt(at + Attr.MODE, node == null ? DIRECTORY_MODE : FILE_MODE);
        body.putInt(at + Attr.LINKS, node == null ? 2 : 1);
        body.putInt(at + Attr.BLOCK_SIZE, BLOCK);
    }
}
