package dev.sluice.erofs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/** Reads extended attributes, those behind the inode and those it shares with others. */
final class XattrReader {
    private final ImageBytes image;
    private final ErofsSuperblock superblock;

    XattrReader(ImageBytes image, ErofsSuperblock superblock) {
        this.image = image;
        this.superblock = superblock;
    }

    Map<String, byte[]> read(ErofsInode inode) throws IOException {
        Map<String, byte[]> xattrs = new TreeMap<>();
        if (inode.xattrSize() == 0) {
            return xattrs;
        }
        ByteBuffer body = image.read(inode.offset() + inode.inodeSize(), inode.xattrSize());
        int shared = Byte.toUnsignedInt(body.get(4));
        if (OnDisk.XATTR_HEADER + 4 * shared > inode.xattrSize()) {
            throw new ErofsException("shared xattrs of inode " + inode.nid() + " do not fit");
        }
        body.position(OnDisk.XATTR_HEADER);
        for (int i = 0; i < shared; i++) {
            long id = Integer.toUnsignedLong(body.getInt());
            add(inode, xattrs, readShared(superblock.xattrBlock() * OnDisk.BLOCK + 4 * id));
        }
        while (body.hasRemaining()) {
            int start = body.position();
            int size = body.remaining() < OnDisk.XATTR_ENTRY ? Integer.MAX_VALUE : size(body, start);
            if (size > body.remaining()) {
                throw new ErofsException("xattrs of inode " + inode.nid() + " do not fit");
            }
            add(inode, xattrs, body.slice(start, size).order(body.order()));
            body.position((int) Math.min(body.limit(), OnDisk.align(start + size, 4)));
        }
        return xattrs;
    }

    private ByteBuffer readShared(long offset) throws IOException {
        ByteBuffer head = image.read(offset, OnDisk.XATTR_ENTRY);
        return image.read(offset, size(head, 0));
    }

    /** Bytes of an entry without its padding. */
    private static int size(ByteBuffer in, int entry) {
        return OnDisk.XATTR_ENTRY + Byte.toUnsignedInt(in.get(entry)) + Short.toUnsignedInt(in.getShort(entry + 2));
    }

    private static void add(ErofsInode inode, Map<String, byte[]> xattrs, ByteBuffer entry) throws ErofsException {
        int nameLength = Byte.toUnsignedInt(entry.get(0));
        int index = Byte.toUnsignedInt(entry.get(1));
        XattrPrefix prefix = XattrPrefix.of(index)
                .orElseThrow(() ->
                        new ErofsException("xattr of inode " + inode.nid() + " has an unknown name prefix: " + index));
        byte[] value = new byte[Short.toUnsignedInt(entry.getShort(2))];
        entry.get(OnDisk.XATTR_ENTRY + nameLength, value);
        try {
            String name = prefix.text()
                    + StandardCharsets.UTF_8.newDecoder().decode(entry.slice(OnDisk.XATTR_ENTRY, nameLength));
            if (xattrs.put(name, value) != null) {
                throw new ErofsException("inode " + inode.nid() + " has an xattr twice: " + Names.show(name));
            }
        } catch (CharacterCodingException e) {
            throw new ErofsException("xattr of inode " + inode.nid() + " has a name that is not UTF-8", e);
        }
    }
}
